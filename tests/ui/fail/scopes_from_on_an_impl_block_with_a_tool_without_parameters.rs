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

fn scopes_of(entry: &Entry) -> Condition {
    if entry.text.is_empty() { "empty".into() } else { Condition::NONE }
}

struct Journal;

#[requires_auth(scopes_from = scopes_of)]
#[tool_router]
impl Journal {
    /// Create an entry
    #[tool]
    async fn create(&self, context: rmcp::service::RequestContext<rmcp::RoleServer>) -> Result<String, Rejection> {
        let _: Option<Parameters<Entry>> = None;
        Ok(format!("{:?}", context.id))
    }
}

fn main() {
    let _: ToolRouter<Journal> = Journal::tool_router();
}
