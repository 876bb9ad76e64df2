use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = all(any("a", "b", "c", "d", "e"), any("f", "g", "h", "i", "j"), any("k", "l", "m")))]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
