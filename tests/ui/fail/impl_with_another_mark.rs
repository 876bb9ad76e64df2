// R-I7
use requires_auth::{AuthInfo, requires_auth};
use rmcp::{tool, tool_router};

struct Journal;

#[requires_auth(scopes = "read")]
#[tool_router]
impl Journal {
    #[tool(description = "List the entries")]
    async fn list(&self, auth: AuthInfo) -> String {
        format!("{auth:?}")
    }

    #[open]
    #[tool(description = "Whether the server works")]
    async fn health(&self) -> String {
        String::new()
    }
}

fn main() {
    let _ = Journal::tool_router();
}
