// R-K13
use axum::extract::Path;
use requires_auth::{AuthInfo, Rejection, requires_auth};

#[requires_auth(when = std::future::ready(true).await)]
fn handler(auth: AuthInfo, Path(owner): Path<String>) -> std::pin::Pin<Box<dyn Future<Output = Result<String, Rejection>> + Send>> {
    Box::pin(async move { Ok(format!("{owner} {auth:?}")) })
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{owner}", axum::routing::get(handler));
}
