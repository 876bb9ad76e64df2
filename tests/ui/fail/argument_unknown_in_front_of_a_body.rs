// R-K5: the mistake is the only error, though the body stands in front of the caller.
use axum::routing::post;
use axum::{Json, Router};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[requires_auth(scope = "write")]
async fn handler(Json(_entry): Json<u64>, _auth: AuthInfo) {}

fn main() {
    let _: Router<ResourceServer> = Router::new().route("/", post(handler));
}
