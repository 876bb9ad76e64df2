use requires_auth::{AuthInfo, requires_auth};
use rmcp::{prompt, tool, tool_router};

struct Journal;

#[requires_auth]
#[tool_router]
impl Journal {
    #[tool]
    #[requires_auth(scopes = "entries:read")]
    async fn list(&self, _auth: AuthInfo) -> String {
        String::new()
    }

    #[tool]
    #[requires_auth(scopes = "entries:read")]
    fn count(&self, _auth: AuthInfo) -> String {
        String::new()
    }

    #[prompt]
    #[requires_auth(scopes = "tags:read")]
    fn suggest_tags(&self) -> Vec<rmcp::model::PromptMessage> {
        Vec::new()
    }
}

fn main() {}
