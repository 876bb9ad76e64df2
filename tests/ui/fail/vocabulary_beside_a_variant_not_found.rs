// R-J10: also without a literal that it would define.
use axum::routing::get;
use requires_auth::{ResourceServer, Scope, requires_auth};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    Read,
}

#[requires_auth(scopes = JournalScope::Read, vocabulary = JournalScopes)]
async fn handler() {}

fn main() {
    let _: axum::Router<ResourceServer> = axum::Router::new().route("/", get(handler));
}
