use requires_auth::{AuthInfo, Rejection, requires_auth};

#[requires_auth(scopes = "read", if = auth.actor().is_none())]
async fn handler(_auth: AuthInfo) -> Result<(), Rejection> {
    Ok(())
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
