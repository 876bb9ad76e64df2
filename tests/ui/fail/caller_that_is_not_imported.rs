// R-K9
use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
