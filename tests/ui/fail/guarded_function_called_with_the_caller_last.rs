// R-K9
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
fn handler(_auth: AuthInfo, _title: String) {}

fn main() {
    let _ = |auth: AuthInfo| handler(String::new(), auth);
}
