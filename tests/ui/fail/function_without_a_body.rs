use requires_auth::{AuthInfo, requires_auth};

trait Tools {
    #[requires_auth]
    async fn handler(&self, _auth: AuthInfo);
}

fn main() {}
