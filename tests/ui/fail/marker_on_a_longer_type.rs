// The whole type is shown.
use requires_auth::requires_auth;

#[requires_auth]
async fn handler(#[auth] _auth: std::collections::BTreeMap<String, u64>) {}

fn main() {}
