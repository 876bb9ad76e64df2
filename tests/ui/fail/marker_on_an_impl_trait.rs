// R-K9
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(#[auth] _auth: impl Into<AuthInfo>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
