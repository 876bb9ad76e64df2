// R-K13
use requires_auth::requires_auth;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    /// List the entries.
    #[requires_auth(when = auth.subject().is_some())]
    #[tool]
    async fn list(&self) -> String {
        String::from("entries")
    }
}

fn main() {
    let _: ToolRouter<Journal> = Journal::tool_router();
}
