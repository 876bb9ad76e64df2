// R-K2: `#[axum::debug_handler]` above and below.
use axum::extract::{FromRef, State};
use axum::routing::{get, post};
use axum::{Json, Router, debug_handler};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[derive(Clone, FromRef)]
struct App {
    server: ResourceServer,
    name: String,
}

#[debug_handler(state = App)]
#[requires_auth(scopes = "write")]
async fn above(auth: AuthInfo, State(name): State<String>, Json(body): Json<u64>) -> String {
    format!("{auth:?} {name} {body}")
}

#[requires_auth(scopes = "write")]
#[debug_handler(state = App)]
async fn below(State(name): State<String>, auth: AuthInfo, Json(body): Json<u64>) -> String {
    format!("{auth:?} {name} {body}")
}

#[debug_handler(state = App)]
#[requires_auth(optional)]
async fn optional_above(auth: Option<AuthInfo>) -> String {
    format!("{auth:?}")
}

#[requires_auth(optional)]
#[debug_handler(state = App)]
async fn optional_below(auth: Option<AuthInfo>) -> String {
    format!("{auth:?}")
}

#[requires_auth]
#[debug_handler(state = App)]
async fn without_the_caller_below(body: String) -> String {
    body
}

fn main() {
    let _: Router<App> = Router::new()
        .route("/above", post(above))
        .route("/below", post(below))
        .route("/optional-above", get(optional_above))
        .route("/optional-below", get(optional_below))
        .route("/without-the-caller-below", post(without_the_caller_below));
}
