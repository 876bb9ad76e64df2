// R-J8
use requires_auth::{AuthInfo, Scope, requires_auth};

#[derive(Scope)]
enum JournalScope {
    #[scopes("entries:read")]
    EntriesRead,
}

#[requires_auth(scopes = JournalScope::EntriesRead)]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
