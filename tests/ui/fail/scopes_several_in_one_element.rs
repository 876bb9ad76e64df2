use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = any("read write", "admin"))]
async fn handler(_auth: AuthInfo) {}

fn main() {}
