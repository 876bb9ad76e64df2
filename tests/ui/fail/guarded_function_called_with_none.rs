// R-K9
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(optional)]
fn handler(_auth: Option<AuthInfo>) {}

fn main() {
    let _ = || handler(None);
}
