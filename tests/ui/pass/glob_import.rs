// R-K4: no module of the crate has the name of another crate.
#![allow(unused_imports)]
use axum::{Router, routing::get};
use requires_auth::*;
use rmcp::model::Tool;

#[requires_auth(scopes = "read")]
async fn handler(auth: AuthInfo) -> String {
    format!("{auth:?}")
}

fn main() {
    let _: Router<ResourceServer> = Router::new().route("/", get(handler));
}
