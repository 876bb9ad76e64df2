use requires_auth::requires_auth;
use requires_auth::requires_auth as guard;
use rmcp::tool;

struct Journal;

#[requires_auth(scopes = "entries:read")]
#[requires_auth(scopes = "tags:read")]
impl Journal {
    #[tool]
    async fn list(&self) -> String {
        String::new()
    }
}

#[guard(scopes = "entries:read")]
#[requires_auth(scopes = "tags:read")]
impl Journal {
    #[tool]
    async fn tags(&self) -> String {
        String::new()
    }
}

fn main() {}
