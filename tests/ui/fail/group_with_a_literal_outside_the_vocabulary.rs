// R-J10: once, and not for each handler.
use axum::routing::get;
use requires_auth::{ResourceServer, Scope, requires_auth};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    Read,
}

#[requires_auth(scopes = "entries:raed", vocabulary = super::JournalScope)]
mod handlers {
    pub async fn list() {}

    pub async fn count() {}
}

fn main() {
    let _ = JournalScope::Read;
    let _: axum::Router<ResourceServer> =
        axum::Router::new().route("/", get(handlers::list)).route("/count", get(handlers::count));
}
