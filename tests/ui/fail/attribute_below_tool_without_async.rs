use requires_auth::{AuthInfo, requires_auth};
use rmcp::model::PromptMessage;
use rmcp::{prompt, prompt_router, tool, tool_router};

struct Journal<T>(T);

#[tool_router]
impl<T: Send + Sync + 'static> Journal<T> {
    #[tool(description = "List the entries")]
    #[requires_auth(scopes = "entries:read")]
    fn list(&self, _auth: AuthInfo) -> String {
        String::new()
    }
}

#[prompt_router]
impl Journal<u8> {
    #[prompt]
    #[requires_auth(scopes = "entries:read")]
    fn suggest_tags(&self) -> Vec<PromptMessage> {
        Vec::new()
    }
}

fn main() {}
