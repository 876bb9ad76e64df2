use requires_auth::requires_auth;

#[requires_auth]
extern "C" fn handler() {}

fn main() {}
