use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(optional)]
async fn handler(Some(_auth): Option<AuthInfo>) {}

fn main() {}
