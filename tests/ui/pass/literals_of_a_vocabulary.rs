//! String literals that a vocabulary defines.
#![deny(warnings)]

use requires_auth::{AuthInfo, Condition, Rejection, ResourceServer, requires_auth};

mod scopes {
    #[derive(requires_auth::Scope)]
    pub enum JournalScope {
        #[scope("entries:read")]
        EntriesRead,
        #[scope("entries:write", implies = [EntriesRead])]
        EntriesWrite,
        #[scope("admin", implies = [EntriesWrite])]
        Admin,
    }
}

use scopes::JournalScope;

#[requires_auth(scopes = "entries:read entries:write", vocabulary = JournalScope)]
async fn list(auth: AuthInfo) -> String {
    format!("{:?}", auth.subject())
}

#[requires_auth(vocabulary = scopes::JournalScope, scopes = any("admin", all("entries:read", JournalScope::EntriesWrite)))]
async fn create() {
    const ENTRIES: u32 = 1;
    let _ = ENTRIES;
}

#[requires_auth(scopes = ["entries:read"], vocabulary = crate::scopes::JournalScope, when = id > 0)]
async fn show<T: Send + serde::de::DeserializeOwned + 'static>(
    axum::extract::Path(id): axum::extract::Path<u32>,
) -> Result<String, Rejection> {
    fn text(id: u32) -> String {
        id.to_string()
    }
    Ok(text(id))
}

struct Journal;

impl Journal {
    #[requires_auth(scopes = "entries:read", vocabulary = JournalScope, optional)]
    async fn method(auth: Option<AuthInfo>) {
        let _ = (auth, JournalScope::EntriesRead, JournalScope::Admin);
    }
}

fn main() {
    let _: axum::Router<ResourceServer> = axum::Router::new()
        .route("/", axum::routing::get(list).post(create).put(Journal::method))
        .route("/{id}", axum::routing::get(show::<String>));
    let _: Condition = JournalScope::EntriesWrite.into();
}
