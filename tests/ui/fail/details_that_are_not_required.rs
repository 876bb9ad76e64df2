use requires_auth::{AuthInfo, AuthorizationDetail, AuthorizationDetails, requires_auth};

#[derive(serde::Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Payment {}

#[requires_auth(scopes = "pay")]
async fn handler(_auth: AuthInfo, _granted: AuthorizationDetails<Payment>) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
