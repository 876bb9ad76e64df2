// R-K2: `#[tracing::instrument]` above and below.
use axum::Router;
use axum::routing::{get, post};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};
use tracing::instrument;

#[instrument(skip(auth), fields(subject = auth.subject()))]
#[requires_auth(scopes = "read")]
async fn above(auth: AuthInfo, body: String) -> String {
    format!("{auth:?} {body}")
}

#[requires_auth(scopes = "read")]
#[instrument(skip(auth), fields(subject = auth.subject()))]
async fn below(body: String, auth: AuthInfo) -> String {
    format!("{auth:?} {body}")
}

#[instrument]
#[requires_auth(scopes = "read")]
async fn everything_above(auth: AuthInfo) -> Result<String, requires_auth::Rejection> {
    auth.require("more")?;
    Ok(String::new())
}

#[requires_auth(scopes = "read")]
#[instrument(err)]
async fn everything_below(auth: AuthInfo) -> Result<String, requires_auth::Rejection> {
    auth.require("more")?;
    Ok(String::new())
}

#[requires_auth]
#[instrument(skip_all)]
async fn without_the_caller(body: String) -> String {
    body
}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/above", post(above))
        .route("/below", post(below))
        .route("/everything-above", get(everything_above))
        .route("/everything-below", get(everything_below))
        .route("/without-the-caller", post(without_the_caller));
}
