use requires_auth::requires_auth;

#[requires_auth(scopes = ["read" "write"])]
async fn handler() {}

fn main() {}
