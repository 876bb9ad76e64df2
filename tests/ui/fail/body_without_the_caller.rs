// R-K4: the guard adds no name.
use requires_auth::requires_auth;

#[requires_auth]
async fn handler() -> bool {
    auth.has_scope("read")
}

fn main() {}
