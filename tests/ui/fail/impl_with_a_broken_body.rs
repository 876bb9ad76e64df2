use requires_auth::{AuthInfo, requires_auth};
use rmcp::tool;

struct Journal;

#[requires_auth(scopes = "entries:read")]
impl Journal {
    #[tool]
    async fn list(&self, auth: AuthInfo) -> String {
        let subject: String = auth.subject();
        subject
    }
}

fn main() {}
