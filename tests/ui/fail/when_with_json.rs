// R-K13
use axum::Json;
use axum::extract::Path;
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(when = auth.subject() == Some(&*owner))]
async fn handler(auth: AuthInfo, Path(owner): Path<String>) -> Json<String> {
    Json(format!("{owner} {auth:?}"))
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{owner}", axum::routing::get(handler));
}
