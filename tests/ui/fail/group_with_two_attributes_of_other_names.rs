use axum::Router;
use axum::routing::get;
use requires_auth::{ResourceServer, requires_auth, requires_auth as guard};

#[requires_auth(scopes = "write")]
#[guard(scopes = "read")]
mod handlers {
    pub async fn list() {}
}

fn main() {
    let _: Router<ResourceServer> = Router::new().route("/list", get(handlers::list));
}
