use requires_auth::requires_auth;

#[requires_auth]
const HANDLER: fn() = || ();

fn main() {
    HANDLER();
}
