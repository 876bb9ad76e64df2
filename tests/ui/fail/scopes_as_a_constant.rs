use requires_auth::{AuthInfo, requires_auth};

const READ: &str = "read";

#[requires_auth(scopes = READ)]
async fn handler(_auth: AuthInfo) {}

fn main() {}
