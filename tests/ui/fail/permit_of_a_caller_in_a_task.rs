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

#[requires_auth]
async fn handler(auth: AuthInfo) -> Result<(), requires_auth::Rejection> {
    let permit = auth.permit()?;
    std::thread::spawn(move || delete(permit));
    Ok(())
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
