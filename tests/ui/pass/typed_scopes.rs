use requires_auth::{AuthInfo, Scope, requires_auth};

#[derive(Clone, Copy, Scope)]
pub enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
}

mod scopes {
    #[derive(requires_auth::Scope)]
    pub enum r#Type {
        #[scope("tags:read")]
        r#Read,
    }
}

#[requires_auth(scopes = JournalScope::EntriesRead)]
async fn alone() {}

#[requires_auth(scopes = [JournalScope::EntriesRead, "literal"])]
async fn list(_auth: AuthInfo) {}

#[requires_auth(scopes = any(self::JournalScope::EntriesWrite, all("a", scopes::Type::Read)), optional)]
async fn nested(_auth: Option<AuthInfo>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> = axum::Router::new()
        .route("/alone", axum::routing::get(alone))
        .route("/list", axum::routing::get(list))
        .route("/nested", axum::routing::get(nested));
}
