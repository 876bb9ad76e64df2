use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(crate = 7)]
async fn handler(_auth: AuthInfo) {}

fn main() {}
