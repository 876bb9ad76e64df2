// R-K15
use axum::extract::Path;
use requires_auth::{Condition, Rejection, requires_auth};

fn owner(owner: &String) -> Condition {
    if owner.is_empty() { "entries:read-all".into() } else { Condition::NONE }
}

#[requires_auth(scopes_from = owner)]
async fn handler(Path(owner): Path<String>) -> Result<String, Rejection> {
    Ok(owner)
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
