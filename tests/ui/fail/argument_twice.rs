use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read", scopes = "write")]
async fn handler(_auth: AuthInfo) {}

fn main() {}
