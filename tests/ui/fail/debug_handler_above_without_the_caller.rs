// R-K2: it sees the function before the guard is in it. Below, or with the caller, it works.
use requires_auth::{ResourceServer, requires_auth};

#[axum::debug_handler(state = ResourceServer)]
#[requires_auth(scopes = "read")]
async fn handler(body: String) -> String {
    body
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
