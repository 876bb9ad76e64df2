// R-K2: a method of an async trait asks the `AuthInfo` that its guarded caller hands on.
use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

#[async_trait]
trait Tools {
    async fn read(&self, auth: AuthInfo) -> Result<String, Rejection>;
}

struct Journal;

#[async_trait]
impl Tools for Journal {
    async fn read(&self, auth: AuthInfo) -> Result<String, Rejection> {
        auth.require("entries:read")?;
        Ok(String::from("an entry"))
    }
}

#[requires_auth]
async fn read(auth: AuthInfo) -> Result<String, Rejection> {
    Journal.read(auth).await
}

fn main() {
    let _: Router<ResourceServer> = Router::new().route("/", get(read));
}
