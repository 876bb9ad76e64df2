// R-J8
use requires_auth::{AuthInfo, Scope, requires_auth};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("tags:read")]
    TagsRead,
    #[scope("admin", implies = EntriesRead, TagsRead)]
    Admin,
}

#[requires_auth(scopes = any(JournalScope::EntriesRead, JournalScope::TagsRead, JournalScope::Admin))]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
