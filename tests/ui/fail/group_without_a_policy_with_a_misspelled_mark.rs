// R-K19
use requires_auth::requires_auth;

#[requires_auth]
mod handlers {
    use requires_auth::requires_auth;

    #[requires_auth(scopes = "read")]
    pub async fn list() {}

    #[publc]
    pub async fn health() {}
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handlers::list).post(handlers::health));
}
