use requires_auth::{AuthInfo, requires_auth};
use rmcp::{tool, tool_router};

struct Journal;

#[requires_auth(scopes = "entries:read", optional)]
#[tool_router]
impl Journal {
    #[tool]
    async fn list(&self, _auth: AuthInfo) -> String {
        String::new()
    }
}

fn main() {}
