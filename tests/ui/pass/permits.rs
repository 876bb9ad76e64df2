//! Permits in handlers, tools and other guarded functions.

#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub)]

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use requires_auth::{AuthInfo, Condition, Permit, Rejection, ResourceServer, Scope, requires_auth};
use rmcp::{tool, tool_router};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
    #[scope("admin", implies = [EntriesWrite])]
    Admin,
}

fn read(_permit: &Permit<scopes::EntriesRead>) {}

fn write(permit: &Permit<scopes::EntriesWrite>) {
    read(permit.implied());
    write_again(permit.implied());
}

fn write_again(_permit: &Permit<scopes::EntriesWrite>) {}

#[requires_auth(scopes = JournalScope::EntriesWrite)]
async fn exact(permit: &Permit<scopes::EntriesWrite>) {
    write(permit);
}

#[requires_auth(scopes = JournalScope::Admin)]
async fn implied(Path(_id): Path<u64>, permit: &Permit<scopes::EntriesRead>, _auth: AuthInfo) {
    read(permit);
    async {}.await;
    read(permit);
}

#[requires_auth(scopes = any("admin", all(JournalScope::EntriesWrite, "x")))]
async fn of_each_alternative(
    _auth: AuthInfo,
    permit: &requires_auth::Permit<scopes::EntriesWrite>,
) {
    const AN_ITEM: u64 = 1;
    let _ = AN_ITEM;
    write(permit);
}

#[requires_auth(scopes = "entries:read entries:write")]
async fn several(
    read_permit: &Permit<scopes::EntriesRead>,
    write_permit: &Permit<scopes::EntriesWrite>,
) {
    read(read_permit);
    write(write_permit);
}

#[requires_auth(scopes = JournalScope::EntriesWrite, when = id < 9)]
async fn conditional(
    permit: &Permit<scopes::EntriesWrite>,
    Path(id): Path<u64>,
) -> Result<(), Rejection> {
    write(permit);
    Ok(())
}

fn scopes_of(id: &u64) -> Condition {
    Condition::Any(if *id < 9 { &[Condition::NONE] } else { &[] })
}

#[requires_auth(scopes = JournalScope::EntriesWrite, scopes_from = scopes_of)]
async fn with_scopes_from(
    permit: &Permit<scopes::EntriesWrite>,
    Path(id): Path<u64>,
) -> Result<(), Rejection> {
    let _ = id;
    write(permit);
    Ok(())
}

#[requires_auth(scopes = JournalScope::EntriesWrite)]
async fn with_cfg(
    #[cfg(all())] permit: &Permit<scopes::EntriesWrite>,
    #[cfg(any())] absent: &Permit<scopes::EntriesWrite>,
) {
    write(permit);
}

#[requires_auth]
async fn dynamic(auth: AuthInfo) -> Result<(), Rejection> {
    write(auth.permit()?);
    read(auth.permit::<scopes::EntriesRead>()?);
    exact(auth.try_into()?).await;
    Ok(())
}

struct Journal;

#[tool_router]
impl Journal {
    /// A tool
    #[requires_auth(scopes = JournalScope::EntriesWrite)]
    #[tool]
    async fn tool(&self, permit: &Permit<scopes::EntriesWrite>) {
        write(permit);
    }
}

fn main() {
    let _ = Journal::tool_router();
    let _: Router<ResourceServer> = Router::new()
        .route("/1", get(exact))
        .route("/2/{id}", get(implied))
        .route("/3", get(of_each_alternative))
        .route("/4", get(several))
        .route("/5/{id}", get(conditional))
        .route("/6", get(with_cfg))
        .route("/7", get(dynamic))
        .route("/8/{id}", get(with_scopes_from));
}
