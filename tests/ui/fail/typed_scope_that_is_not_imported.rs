use requires_auth::{AuthInfo, requires_auth};

mod scopes {
    #[derive(requires_auth::Scope)]
    pub enum JournalScope {
        #[scope("entries:read")]
        EntriesRead,
    }
}

#[requires_auth(scopes = any("admin", JournalScope::EntriesRead))]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
