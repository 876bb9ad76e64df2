use requires_auth::requires_auth;

#[requires_auth(optional)]
async fn handler() {}

fn main() {}
