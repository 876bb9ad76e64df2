use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(_one: AuthInfo, _two: AuthInfo) {}

fn main() {}
