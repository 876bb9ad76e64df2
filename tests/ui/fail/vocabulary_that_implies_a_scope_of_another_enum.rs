// R-J8
use requires_auth::{AuthInfo, Scope, requires_auth};

#[derive(Scope)]
enum TagScope {
    #[scope("tags:read")]
    TagsRead,
}

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read", implies = [TagScope::TagsRead])]
    EntriesRead,
}

#[requires_auth(scopes = any(JournalScope::EntriesRead, TagScope::TagsRead))]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
