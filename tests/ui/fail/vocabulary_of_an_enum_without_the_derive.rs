use requires_auth::{AuthInfo, requires_auth};

enum JournalScope {
    EntriesRead,
}

#[requires_auth(scopes = "entries:read", vocabulary = JournalScope)]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
