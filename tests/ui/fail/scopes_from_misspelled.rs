use axum::extract::Path;
use requires_auth::{Condition, Rejection, requires_auth};

fn scopes_of(id: &u64) -> Condition {
    if *id > 9 { "many".into() } else { Condition::NONE }
}

#[requires_auth(scopes = "read", scope_from = scopes_of)]
async fn handler(Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(format!("{id}{:?}", scopes_of(&id)))
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
