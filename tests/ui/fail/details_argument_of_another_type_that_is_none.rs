use requires_auth::{AuthorizationDetail, AuthorizationDetails, requires_auth};

#[derive(serde::Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Payment {}

#[derive(serde::Deserialize)]
struct Account {}

#[requires_auth(authorization_details = Payment)]
async fn handler(_granted: AuthorizationDetails<Account>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
