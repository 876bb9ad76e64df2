// R-K9
use requires_auth::{AuthInfo, Authorized, requires_auth};

#[requires_auth(scopes = "read")]
async fn handler(auth: Authorized<AuthInfo>) -> String {
    format!("{auth:?}")
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
