use requires_auth::requires_auth;

#[requires_auth]
fn main() {}
