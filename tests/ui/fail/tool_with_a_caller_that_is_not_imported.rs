// R-K9
use requires_auth::requires_auth;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    #[requires_auth(scopes = "read")]
    #[tool]
    fn list(&self, _auth: AuthInfo) -> String {
        String::new()
    }
}

fn main() {
    let _: ToolRouter<Journal> = Journal::tool_router();
}
