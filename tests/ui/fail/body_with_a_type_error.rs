// R-K5: the compiler's own error, at the user's own place.
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
async fn handler(auth: AuthInfo) -> String {
    auth.subject()
}

fn main() {}
