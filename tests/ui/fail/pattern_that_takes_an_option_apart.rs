use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
async fn handler(Some(_auth): Option<AuthInfo>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
