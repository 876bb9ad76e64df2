use requires_auth::{AuthInfo, requires_auth};
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    #[tool(description = "List the entries")]
    #[requires_auth(scopes = "entries:read")]
    async fn list(&self, _auth: AuthInfo) -> String {
        String::new()
    }
}

fn main() {}
