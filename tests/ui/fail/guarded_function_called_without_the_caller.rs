// R-K9
use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
fn handler(_title: String) {}

fn main() {
    let _ = || handler(String::new());
}
