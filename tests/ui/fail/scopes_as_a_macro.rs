use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = concat!("entries", ":read"))]
async fn handler(_auth: AuthInfo) {}

fn main() {}
