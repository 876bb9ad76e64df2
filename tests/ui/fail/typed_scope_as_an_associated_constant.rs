// R-J9
use requires_auth::{AuthInfo, Scope, requires_auth};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
}

impl JournalScope {
    const ALL: &[Self] = &[Self::EntriesRead];

    fn all() -> &'static [Self] {
        Self::ALL
    }
}

#[requires_auth(scopes = JournalScope::ALL)]
async fn handler(_auth: AuthInfo) {
    let _ = JournalScope::all();
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
