use requires_auth::requires_auth;
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    #[requires_auth(scopes = "entries:read")]
    #[tool(title = "List", meta = 1 + 1)]
    async fn list(&self) -> String {
        String::new()
    }
}

fn main() {}
