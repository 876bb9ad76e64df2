use requires_auth::{AuthorizationDetail, requires_auth};

#[derive(AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Payment {}

#[requires_auth(authorization_details = Payment)]
async fn handler() {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
