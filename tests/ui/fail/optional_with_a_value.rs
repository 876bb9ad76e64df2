use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(optional = true)]
async fn handler(_auth: Option<AuthInfo>) {}

fn main() {}
