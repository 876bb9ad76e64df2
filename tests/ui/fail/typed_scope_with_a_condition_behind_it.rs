use requires_auth::{AuthInfo, Rejection, Scope, requires_auth};

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
}

#[requires_auth(scopes = JournalScope::EntriesRead when auth.actor().is_none())]
async fn handler(_auth: AuthInfo) -> Result<(), Rejection> {
    Ok(())
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
