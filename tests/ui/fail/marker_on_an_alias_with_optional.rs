// R-K9
use requires_auth::{AuthInfo, requires_auth};

type Caller = AuthInfo;

#[requires_auth(optional)]
async fn handler(#[auth] _auth: Caller) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
