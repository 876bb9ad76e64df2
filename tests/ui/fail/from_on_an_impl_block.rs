use requires_auth::{AuthInfo, requires_auth};
use rmcp::{tool, tool_router};

struct Journal;

#[requires_auth(scopes = "read", from = &request, server = self.server)]
#[tool_router]
impl Journal {
    /// List the entries
    #[tool]
    async fn list(&self, auth: AuthInfo) -> String {
        format!("{auth:?}")
    }
}

fn main() {
    let _ = Journal::tool_router();
}
