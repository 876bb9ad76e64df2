use requires_auth::{AuthInfo, requires_auth};

#[derive(requires_auth::Scope)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
}

#[requires_auth(scopes = "entries:read", vocabulary = JournalScope, vocabulary = JournalScope)]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
