// R-K5
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
async fn handler(auth: AuthInfo) {
    let = auth;
}

fn main() {}
