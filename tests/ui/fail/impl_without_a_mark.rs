use requires_auth::{AuthInfo, requires_auth};
use rmcp::{prompt, tool, tool_router};

struct Journal;

#[requires_auth]
#[tool_router]
impl Journal {
    #[tool]
    async fn list(&self, _auth: AuthInfo) -> String {
        String::new()
    }

    #[requires_auth(scopes = "entries:write")]
    #[tool]
    async fn create(&self) {}

    #[public]
    #[tool]
    async fn health(&self) {}

    #[prompt]
    fn suggest_tags(&self) -> Vec<rmcp::model::PromptMessage> {
        Vec::new()
    }
}

fn main() {}
