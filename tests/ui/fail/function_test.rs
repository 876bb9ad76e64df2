use requires_auth::requires_auth;

#[requires_auth]
#[test]
fn handler() {}

fn main() {}
