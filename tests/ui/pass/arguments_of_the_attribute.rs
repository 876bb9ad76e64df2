// R-K1: each form of the attribute.
use axum::Router;
use axum::routing::get;
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[requires_auth]
async fn bare(_auth: AuthInfo) {}

#[requires_auth()]
async fn empty(_auth: AuthInfo) {}

#[requires_auth(scopes = "read write")]
async fn string(_auth: AuthInfo) {}

#[requires_auth(scopes = r#"read"#,)]
async fn raw_string(_auth: AuthInfo) {}

#[requires_auth(scopes = ["read", "write",])]
async fn list(_auth: AuthInfo) {}

#[requires_auth(scopes = any("admin", all("read", "write"), ["a", "b"]))]
async fn condition(_auth: AuthInfo) {}

#[requires_auth(optional, scopes = "read")]
async fn optional(_auth: Option<AuthInfo>) {}

#[requires_auth(scopes = "https://scopes.example/journal/entries.readonly")]
async fn url(_auth: AuthInfo) {}

#[requires_auth(scopes = "a b c d e f g h i j k l m n o p q r s t u v w x y z")]
async fn many(_auth: AuthInfo) {}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/bare", get(bare))
        .route("/empty", get(empty))
        .route("/string", get(string))
        .route("/raw-string", get(raw_string))
        .route("/list", get(list))
        .route("/condition", get(condition))
        .route("/optional", get(optional))
        .route("/url", get(url))
        .route("/many", get(many));
}
