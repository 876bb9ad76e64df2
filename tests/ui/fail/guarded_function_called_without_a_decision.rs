use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
fn handler(_auth: AuthInfo) {}

fn call(caller: AuthInfo) {
    handler(caller);
}

fn main() {}
