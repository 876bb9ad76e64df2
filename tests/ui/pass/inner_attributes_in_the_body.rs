// R-K1
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[requires_auth(scopes = "read")]
async fn handler(auth: AuthInfo) -> String {
    #![deny(unused_variables)]
    use std::string::ToString;
    ToString::to_string("read") + auth.subject().unwrap_or_default()
}

fn main() {
    let _: axum::Router<ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
