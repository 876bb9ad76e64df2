// R-K9
use requires_auth::{AuthInfo, requires_auth};
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    #[requires_auth(scopes = "entries:read")]
    #[tool(description = "List the entries")]
    async fn list(&self, auth: &AuthInfo) -> String {
        auth.subject().unwrap_or_default().to_owned()
    }
}

fn main() {
    let _ = Journal::tool_router();
}
