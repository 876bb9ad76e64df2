// R-K5
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scope = "a", optional = 1, scopes = any("b c", "d,e"))]
const fn handler(_one: AuthInfo, _two: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
