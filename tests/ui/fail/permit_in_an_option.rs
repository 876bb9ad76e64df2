use requires_auth::{Permit, Scope, requires_auth};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
}

#[requires_auth(scopes = JournalScope::EntriesRead)]
async fn handler(_permit: Option<&Permit<scopes::EntriesRead>>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
