// R-K15, R-I20
use requires_auth::{Condition, Rejection, requires_auth};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::{self, JsonSchema};
use rmcp::{tool, tool_router};
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Entry {
    text: String,
}

fn scopes_of(entry: &Entry) -> Option<Condition> {
    entry.text.is_empty().then(|| "empty".into())
}

struct Journal;

#[tool_router]
impl Journal {
    /// Create an entry
    #[requires_auth(scopes_from = scopes_of)]
    #[tool]
    async fn create(&self, Parameters(entry): Parameters<Entry>) -> Result<String, Rejection> {
        Ok(entry.text)
    }
}

fn main() {
    let _: ToolRouter<Journal> = Journal::tool_router();
}
