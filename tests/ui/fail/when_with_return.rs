use axum::extract::Path;
use requires_auth::{AuthInfo, Rejection, requires_auth};

#[requires_auth(when = { if owner.is_empty() { return Ok(owner); } auth.subject().is_some() })]
async fn handler(auth: AuthInfo, Path(owner): Path<String>) -> Result<String, Rejection> {
    Ok(format!("{owner} {auth:?}"))
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{owner}", axum::routing::get(handler));
}
