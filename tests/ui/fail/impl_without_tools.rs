use requires_auth::{AuthInfo, requires_auth};

struct Tools;

#[requires_auth(scopes = "read")]
impl Tools {
    async fn handler(&self, _auth: AuthInfo) {}
}

fn main() {}
