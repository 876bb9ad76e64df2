use axum::Router;
use axum::routing::get;
use requires_auth::{ResourceServer, requires_auth};

#[requires_auth(scope = "read")]
mod handlers {
    use requires_auth::AuthInfo;

    pub async fn list(auth: AuthInfo) -> String {
        format!("{auth:?}")
    }

    pub mod nested {
        pub async fn show() {}
    }
}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/list", get(handlers::list))
        .route("/show", get(handlers::nested::show));
}
