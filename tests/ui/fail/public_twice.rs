use requires_auth::requires_auth;
use rmcp::{tool, tool_router};

struct Journal;

#[requires_auth]
#[tool_router]
impl Journal {
    #[public]
    #[public]
    #[tool]
    async fn list(&self) -> String {
        String::new()
    }
}

fn main() {}
