use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use requires_auth::{AuthInfo, requires_auth};

struct App;

#[requires_auth(scopes = "read")]
#[axum::debug_handler(state = Arc<App>)]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: Router = Router::new().route("/", get(async || {})).with_state(Arc::new(App));
}
