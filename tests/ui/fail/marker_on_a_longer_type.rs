// The whole type is shown.
use requires_auth::requires_auth;

#[requires_auth]
async fn handler(#[auth] _auth: std::collections::BTreeMap<String, u64>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
