// R-K15
use axum::extract::Path;
use requires_auth::{AuthInfo, Condition, Rejection, requires_auth};

fn scopes_of(caller: &AuthInfo, id: &u64) -> Condition {
    if caller.has_scope("a") || *id > 9 { "many".into() } else { Condition::NONE }
}

#[requires_auth(scopes_from = scopes_of(caller, id))]
async fn handler(caller: AuthInfo, Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(format!("{caller:?} {id}"))
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{id}", axum::routing::get(handler));
}
