#![deny(unused_must_use)]

use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(auth: AuthInfo) {
    auth.require("read");
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
