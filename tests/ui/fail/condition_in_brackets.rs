use requires_auth::requires_auth;

#[requires_auth(scopes = all["read", "write"])]
async fn handler() {}

fn main() {}
