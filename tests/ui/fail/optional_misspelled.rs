use axum::Router;
use axum::routing::post;
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[requires_auth(optinal)]
async fn handler(_body: String, _auth: Option<AuthInfo>) {}

fn main() {
    let _: Router<ResourceServer> = Router::new().route("/", post(handler));
}
