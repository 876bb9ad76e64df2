use requires_auth::requires_auth;

#[requires_auth]
trait Tools {}

fn main() {}
