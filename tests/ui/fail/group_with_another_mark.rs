// R-K19
use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
mod handlers {
    pub async fn list() {}

    #[no_auth]
    pub async fn health() {}
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handlers::list).post(handlers::health));
}
