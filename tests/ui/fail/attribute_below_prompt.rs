use requires_auth::{AuthInfo, requires_auth};
use rmcp::model::PromptMessage;
use rmcp::{prompt, prompt_router};

struct Journal;

#[prompt_router]
impl Journal {
    #[prompt]
    #[requires_auth(scopes = "entries:read")]
    async fn suggest_tags(&self, _auth: AuthInfo) -> Vec<PromptMessage> {
        Vec::new()
    }
}

fn main() {}
