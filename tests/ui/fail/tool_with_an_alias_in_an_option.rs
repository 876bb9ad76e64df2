// R-K9
use requires_auth::{AuthInfo, requires_auth};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::{tool, tool_router};

type Caller = AuthInfo;

struct Journal;

#[tool_router]
impl Journal {
    #[requires_auth(optional)]
    #[tool]
    fn list(&self, _auth: Option<Caller>) -> String {
        String::new()
    }
}

fn main() {
    let _: ToolRouter<Journal> = Journal::tool_router();
}
