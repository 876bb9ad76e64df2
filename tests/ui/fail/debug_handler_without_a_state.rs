use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
#[axum::debug_handler]
async fn handler(_auth: AuthInfo) {}

fn main() {}
