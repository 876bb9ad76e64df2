use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
const fn handler(_auth: AuthInfo) {}

fn main() {}
