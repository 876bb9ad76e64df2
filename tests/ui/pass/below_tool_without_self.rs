// R-K2: without `async` and `self`, nothing shows that `#[tool]` has been there: the function is
// guarded, and only its `_meta` does not tell so.
use requires_auth::{AuthInfo, Authorized, requires_auth};
use rmcp::{tool, tool_router};

struct Journal;

#[tool_router]
impl Journal {
    #[tool(description = "The version")]
    #[requires_auth(scopes = "entries:read")]
    fn version(_auth: AuthInfo) -> String {
        String::from("1")
    }
}

fn main() {
    let _: fn(Authorized<_>) -> String = Journal::version;
    assert!(Journal::tool_router().get("version").unwrap().meta.is_none());
}
