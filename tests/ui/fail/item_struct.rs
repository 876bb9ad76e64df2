use requires_auth::requires_auth;

#[requires_auth]
struct Handler;

fn main() {}
