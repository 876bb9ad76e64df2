use axum::extract::State;
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
async fn handler(State(_auth): State<AuthInfo>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
