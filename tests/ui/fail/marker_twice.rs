use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(#[auth] #[auth] _auth: AuthInfo) {}

fn main() {}
