// R-K6
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(crate = ::somewhere_else)]
async fn handler(_auth: AuthInfo) {}

fn main() {}
