// R-K9
use requires_auth::{AuthInfo, requires_auth};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    #[requires_auth]
    #[tool]
    fn list(&self, _auth: requires_auth::Authorized<AuthInfo>) -> String {
        String::new()
    }
}

fn main() {
    let _: ToolRouter<Journal> = Journal::tool_router();
}
