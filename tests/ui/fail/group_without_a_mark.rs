use axum::Router;
use axum::routing::get;
use requires_auth::{ResourceServer, requires_auth};

#[requires_auth]
mod handlers {
    use requires_auth::{AuthInfo, requires_auth};

    pub async fn list(auth: AuthInfo) -> String {
        format!("{auth:?}")
    }

    #[requires_auth(scopes = "write")]
    pub async fn create() {}

    #[public]
    pub async fn health() {}

    pub mod nested {
        pub async fn show() {}
    }
}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/list", get(handlers::list).post(handlers::create))
        .route("/health", get(handlers::health))
        .route("/show", get(handlers::nested::show));
}
