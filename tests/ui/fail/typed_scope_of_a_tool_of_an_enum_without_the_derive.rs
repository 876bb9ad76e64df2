// R-J9
use requires_auth::{AuthInfo, requires_auth};
use rmcp::{tool, tool_router};

enum JournalScope {
    EntriesRead,
}

struct Journal;

#[tool_router]
impl Journal {
    #[requires_auth(scopes = JournalScope::EntriesRead)]
    #[tool(description = "List the entries")]
    async fn list(&self, auth: AuthInfo) -> String {
        format!("{auth:?}")
    }
}

fn main() {
    let _ = Journal::tool_router();
}
