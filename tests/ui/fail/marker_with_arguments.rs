use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(#[auth(required)] _auth: AuthInfo) {}

fn main() {}
