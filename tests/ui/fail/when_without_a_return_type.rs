// R-K13
use axum::extract::Path;
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(when = auth.subject() == Some(&*owner))]
async fn handler(auth: AuthInfo, Path(owner): Path<String>) {
    drop((auth, owner));
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{owner}", axum::routing::get(handler));
}
