use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = 7)]
async fn handler(_auth: AuthInfo) {}

fn main() {}
