use axum::Router;
use axum::routing::get;
use requires_auth::{ResourceServer, Scope, requires_auth};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
}

#[requires_auth(scopes = JournalScope::EntriesRead)]
mod handlers {
    pub async fn list() {}
}

fn main() {
    let _: Router<ResourceServer> = Router::new().route("/list", get(handlers::list));
    let _ = JournalScope::EntriesRead;
}
