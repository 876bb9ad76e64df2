use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(colour = "read")]
async fn handler(_auth: AuthInfo) {}

fn main() {}
