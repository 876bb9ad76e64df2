use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(when = true)]
async fn handler(_auth: AuthInfo) {}

fn main() {}
