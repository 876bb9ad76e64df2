use requires_auth::requires_auth;
use rmcp::{tool, tool_router};

struct Journal;

#[requires_auth(scopes = "entries:read")]
#[tool_router]
impl Journal {
    #[tool]
    async fn list(&self) -> String {
        self.describe()
    }

    #[public]
    fn describe(&self) -> String {
        String::new()
    }
}

fn main() {}
