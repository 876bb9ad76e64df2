use requires_auth::requires_auth;

#[requires_auth]
async fn handler(#[auth] _auth: String) {}

fn main() {}
