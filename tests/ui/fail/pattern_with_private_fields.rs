// R-K7
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(AuthInfo { claims: _claims, .. }: AuthInfo) {}

fn main() {}
