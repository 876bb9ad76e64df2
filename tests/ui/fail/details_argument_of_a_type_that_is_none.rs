use requires_auth::{AuthorizationDetails, requires_auth};

#[derive(serde::Deserialize)]
struct Payment {}

#[requires_auth(authorization_details = Payment)]
async fn handler(_granted: AuthorizationDetails<Payment>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
