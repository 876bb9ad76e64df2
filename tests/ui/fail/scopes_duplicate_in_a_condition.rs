// R-J2
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = any("read", all("read", "write", "write")))]
async fn handler(_auth: AuthInfo) {}

fn main() {}
