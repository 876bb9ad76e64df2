use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(crate = "::requires_auth")]
async fn handler(_auth: AuthInfo) {}

fn main() {}
