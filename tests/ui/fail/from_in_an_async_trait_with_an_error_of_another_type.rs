// The place is the type in the signature as it is written.
use std::io::Error;

use async_trait::async_trait;
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[async_trait]
trait Reads {
    async fn read(&self, request: http::Request<()>) -> Result<String, Error>;
}

struct Journal(ResourceServer);

#[async_trait]
impl Reads for Journal {
    #[requires_auth(scopes = "read", from = &request, server = self.0)]
    async fn read(&self, auth: AuthInfo, request: http::Request<()>) -> Result<String, Error> {
        Ok(format!("{auth:?} reads {}", request.uri()))
    }
}

async fn call(journal: Journal, request: http::Request<()>) -> Result<String, Error> {
    journal.read(request).await
}

fn main() {
    let _ = call;
}
