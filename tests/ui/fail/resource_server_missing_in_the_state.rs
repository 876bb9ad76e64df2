use axum::Router;
use axum::routing::get;
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(scopes = "read")]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: Router<()> = Router::new().route("/", get(handler));
}
