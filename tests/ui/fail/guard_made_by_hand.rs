// R-K7
use requires_auth::{AuthInfo, Authorized, requires_auth};

#[requires_auth(scopes = "read")]
fn handler(_auth: AuthInfo) {}

fn forge(caller: AuthInfo) {
    handler(Authorized { caller });
}

fn main() {}
