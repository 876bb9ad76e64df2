// R-K2: the signature is the trait's.
use requires_auth::{AuthInfo, requires_auth};

trait Tools {
    fn handler(&self, auth: AuthInfo);
}

struct Journal;

impl Tools for Journal {
    #[requires_auth(scopes = "read")]
    fn handler(&self, _auth: AuthInfo) {}
}

fn main() {}
