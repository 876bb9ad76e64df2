use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(#[cfg_attr(all(), allow(unused))] auth: AuthInfo) {}

fn main() {}
