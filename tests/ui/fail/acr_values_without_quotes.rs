use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(acr_values = phr)]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
