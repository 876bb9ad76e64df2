// R-K4
use requires_auth::requires_auth;

struct AuthInfo;

#[requires_auth(scopes = "read")]
async fn handler(_auth: AuthInfo) {}

fn main() {}
