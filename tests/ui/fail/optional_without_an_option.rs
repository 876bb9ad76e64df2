use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(optional)]
async fn handler(_auth: AuthInfo) {}

fn main() {}
