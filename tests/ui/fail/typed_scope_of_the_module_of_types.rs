use requires_auth::{AuthInfo, Scope, requires_auth};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
}

#[requires_auth(scopes = any("admin", scopes::EntriesRead))]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
