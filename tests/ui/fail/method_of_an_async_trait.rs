// R-K2
use async_trait::async_trait;
use requires_auth::{AuthInfo, requires_auth};

#[async_trait]
trait Tools {
    async fn handler(&self, auth: AuthInfo);
}

struct Journal;

#[async_trait]
impl Tools for Journal {
    #[requires_auth(scopes = "read")]
    async fn handler(&self, auth: AuthInfo) {
        drop(auth);
    }
}

fn main() {}
