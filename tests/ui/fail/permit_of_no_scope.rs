use requires_auth::{AuthInfo, Permit, Scope, requires_auth};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
}

fn delete(_permit: &Permit<scopes::EntriesWrite>) {}

#[requires_auth(scopes = JournalScope::EntriesWrite)]
async fn handler(auth: AuthInfo, permit: &Permit<JournalScope>) {
    let _ = (auth, permit);
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
