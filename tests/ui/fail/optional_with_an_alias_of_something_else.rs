use requires_auth::{AuthInfo, requires_auth};

type Caller = AuthInfo;

#[requires_auth(optional)]
async fn handler(#[auth] _auth: Caller) {}

fn main() {}
