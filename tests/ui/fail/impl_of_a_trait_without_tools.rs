use requires_auth::requires_auth;
use rmcp::ServerHandler;

struct Journal;

#[requires_auth(scopes = "entries:read")]
impl ServerHandler for Journal {}

fn main() {}
