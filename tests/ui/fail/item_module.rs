use requires_auth::requires_auth;

#[requires_auth]
mod handlers {}

fn main() {}
