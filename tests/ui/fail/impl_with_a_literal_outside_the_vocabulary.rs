// R-J10: once, and not for each tool.
use requires_auth::{Scope, requires_auth};
use rmcp::{tool, tool_router};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    Read,
}

struct Journal;

#[requires_auth(scopes = "entries:raed", vocabulary = JournalScope)]
#[tool_router]
impl Journal {
    /// One
    #[cfg(all())]
    #[tool]
    async fn one(&self) {}

    /// Two
    #[tool]
    async fn two(&self) {}

    /// Three
    #[tool]
    async fn three(&self) {}
}

fn main() {
    let _ = (Journal::tool_router(), JournalScope::Read);
}
