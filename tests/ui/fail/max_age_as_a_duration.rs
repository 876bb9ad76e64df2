use std::time::Duration;

use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(max_age = Duration::from_secs(300))]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
