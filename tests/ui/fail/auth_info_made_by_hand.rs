// R-K7
use requires_auth::{AuthInfo, Claims};

fn forge(claims: Claims) -> AuthInfo {
    AuthInfo { claims }
}

fn main() {}
