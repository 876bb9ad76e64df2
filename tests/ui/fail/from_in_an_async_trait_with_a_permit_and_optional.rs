use async_trait::async_trait;
use requires_auth::{AuthInfo, Permit, Rejection, ResourceServer, Scope, requires_auth};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("read")]
    Read,
}

#[async_trait]
trait Reads {
    async fn read(&self, request: &http::Request<()>) -> Result<String, Rejection>;
}

struct Journal(ResourceServer);

#[async_trait]
impl Reads for Journal {
    #[requires_auth(scopes = JournalScope::Read, optional, from = request, server = self.0)]
    async fn read(
        &self,
        auth: Option<AuthInfo>,
        permit: &Permit<scopes::Read>,
        request: &http::Request<()>,
    ) -> Result<String, Rejection> {
        Ok(format!("{auth:?} reads {} with {permit:?}", request.uri()))
    }
}

async fn call(journal: Journal, request: http::Request<()>) -> Result<String, Rejection> {
    journal.read(&request).await
}

fn main() {
    let _ = call;
}
