use axum::extract::Request;
use axum::routing::get;
use axum::{Router, debug_handler};
use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

static SERVER: std::sync::OnceLock<ResourceServer> = std::sync::OnceLock::new();

#[requires_auth(from = &request, server = SERVER.get().unwrap())]
#[debug_handler]
async fn read(auth: AuthInfo, request: Request) -> Result<String, Rejection> {
    Ok(format!("{auth:?} reads {}", request.uri()))
}

fn main() {
    let _: Router = Router::new().route("/", get(read));
}
