// R-J9
use requires_auth::{AuthInfo, requires_auth};
use scopes::JournalScope;

mod scopes {
    #[derive(Clone, Copy, requires_auth::Scope)]
    pub enum JournalScope {
        #[scope("entries:read")]
        EntriesRead,
    }
}

#[requires_auth(scopes = JournalScope.EntriesRead)]
async fn handler(_auth: AuthInfo) {
    let _ = JournalScope::EntriesRead;
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
