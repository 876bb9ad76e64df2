use requires_auth::requires_auth;
use rmcp::tool;

struct Journal;

#[requires_auth(scopes = "entries:read")]
impl Journal {
    #[cfg_attr(all(), tool)]
    async fn list(&self) -> String {
        String::new()
    }
}

fn main() {}
