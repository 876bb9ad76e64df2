// R-K13
use axum::extract::Path;
use requires_auth::{AuthInfo, requires_auth};

#[requires_auth(when = auth.subject() == Some(&*owner))]
fn handler(auth: AuthInfo, Path(owner): Path<String>) -> impl Future<Output = String> + Send {
    async move { format!("{owner} {auth:?}") }
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/{owner}", axum::routing::get(handler));
}
