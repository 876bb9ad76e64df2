// R-K15
use axum::extract::Path;
use requires_auth::{Rejection, requires_auth};

#[requires_auth(scopes_from = |id: &u64| requires_auth::Condition::from(id))]
async fn handler(Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(id.to_string())
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{id}", axum::routing::get(handler));
}
