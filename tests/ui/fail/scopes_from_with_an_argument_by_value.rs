// R-K15
use axum::extract::Path;
use requires_auth::{Condition, Rejection, requires_auth};

fn scopes_of(id: u64) -> Condition {
    if id > 9 { "many".into() } else { Condition::NONE }
}

#[requires_auth(scopes_from = scopes_of)]
async fn handler(Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(id.to_string())
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{id}", axum::routing::get(handler));
}
