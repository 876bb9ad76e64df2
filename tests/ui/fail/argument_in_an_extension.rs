// R-K9
use requires_auth::{AuthInfo, requires_auth};
use axum::Extension;

#[requires_auth]
async fn handler(Extension(auth): Extension<AuthInfo>) {
    drop(auth);
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
