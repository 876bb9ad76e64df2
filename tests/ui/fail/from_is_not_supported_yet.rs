use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(from = parts, server = server)]
async fn handler(_auth: AuthInfo) {}

fn main() {}
