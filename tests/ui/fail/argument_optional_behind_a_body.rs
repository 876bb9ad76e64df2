// R-K9
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth]
async fn handler(axum::Json(_): axum::Json<u64>, auth: Option<AuthInfo>) {
    drop(auth);
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
