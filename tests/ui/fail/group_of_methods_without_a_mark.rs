use axum::Router;
use axum::routing::get;
use requires_auth::{ResourceServer, requires_auth};

struct Handlers;

#[requires_auth]
impl Handlers {
    async fn list() {}

    #[requires_auth(scopes = "write")]
    async fn create() {}
}

fn main() {
    let _: Router<ResourceServer> =
        Router::new().route("/list", get(Handlers::list).post(Handlers::create));
}
