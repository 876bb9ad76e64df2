// R-K15, R-I20
use requires_auth::{Condition, Rejection, requires_auth};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    fn scopes_of(&self, text: &str) -> Condition {
        if text.is_empty() { "read".into() } else { Condition::NONE }
    }

    /// Search
    #[requires_auth(scopes_from = Self::scopes_of(self, text))]
    #[tool]
    async fn search(&self, Parameters(text): Parameters<String>) -> Result<String, Rejection> {
        Ok(text)
    }
}

fn main() {
    let _ = Journal::tool_router();
}
