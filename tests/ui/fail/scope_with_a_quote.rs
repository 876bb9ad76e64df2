// R-J2
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "re\"ad")]
async fn handler(_auth: AuthInfo) {}

fn main() {}
