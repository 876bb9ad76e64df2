//! R-K19: one attribute for a group of handlers.

#![allow(clippy::unused_async, reason = "a handler is asynchronous")]

use axum::Router;
use axum::routing::{get, post};
use fixtures::http_server::serve;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::requires_auth;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Introspection, ResourceServer};

use crate::{assert_challenged, assert_ran};

/// Inherits, without a `use` of the attribute.
#[requires_auth(scopes = "tags:read")]
mod tags {
    use std::pin::Pin;

    use axum::Json;
    use requires_auth::AuthInfo;
    use serde_json::Value;

    pub(super) async fn list(auth: AuthInfo) -> String {
        load(&auth).await
    }

    pub(super) async fn create(Json(tag): Json<Value>) -> String {
        tag.to_string()
    }

    pub(super) fn boxed() -> Pin<Box<dyn Future<Output = &'static str> + Send>> {
        Box::pin(async { "boxed" })
    }

    #[::requires_auth::requires_auth(scopes = "tags:write")]
    pub(super) async fn delete() -> &'static str {
        "deleted"
    }

    #[public]
    pub(super) async fn count() -> &'static str {
        "3"
    }

    /// No handler: no framework passes a reference.
    async fn load(auth: &AuthInfo) -> String {
        format!("the tags of {:?}", auth.subject())
    }

    pub(super) mod nested {
        pub(in super::super) async fn show() -> &'static str {
            "nested"
        }

        pub(in super::super) struct Handlers;

        impl Handlers {
            pub(in super::super) async fn show() -> &'static str {
                "method"
            }
        }
    }

    #[::requires_auth::requires_auth(scopes = "admin")]
    pub(super) mod admin {
        pub(in super::super) async fn reset() -> &'static str {
            "reset"
        }
    }

    #[public]
    pub(super) mod open {
        pub(in super::super) async fn version() -> &'static str {
            "1"
        }
    }
}

struct Entries<const N: usize>;

#[requires_auth(scopes = "entries:read")]
impl<const N: usize> Entries<N> {
    async fn list() -> String {
        N.to_string()
    }

    #[public]
    async fn count() -> &'static str {
        "9"
    }
}

/// Each handler has its own mark.
#[requires_auth]
mod marked {
    use requires_auth::requires_auth;

    #[public]
    pub(super) async fn healthz() -> &'static str {
        "ok"
    }

    #[requires_auth(scopes = "user:read")]
    pub(super) async fn me() -> &'static str {
        "me"
    }
}

#[tokio::test]
async fn each_handler_of_a_group_has_its_guard() {
    // R-K19
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    let server = ResourceServer::builder("https://api.example/v1")
        .issuer(authorization_server.issuer())
        .resolver(client)
        .build()
        .unwrap();
    let routes = Router::new()
        .route("/list", get(tags::list))
        .route("/create", post(tags::create))
        .route("/boxed", get(tags::boxed))
        .route("/delete", get(tags::delete))
        .route("/count", get(tags::count))
        .route("/nested", get(tags::nested::show))
        .route("/method", get(tags::nested::Handlers::show))
        .route("/reset", get(tags::admin::reset))
        .route("/version", get(tags::open::version))
        .route("/entries", get(Entries::<7>::list))
        .route("/entries/count", get(Entries::<7>::count))
        .route("/healthz", get(marked::healthz))
        .route("/me", get(marked::me))
        .with_state(server);
    let address = serve(routes).await;
    let token = |scopes: &str| {
        let mint = authorization_server.mint().subject("alice").audience("https://api.example/v1");
        mint.scopes(scopes).issue()
    };

    for (path, scope, answer) in [
        ("/list", "tags:read", r#"the tags of Some("alice")"#),
        ("/boxed", "tags:read", "boxed"),
        ("/delete", "tags:write", "deleted"),
        ("/nested", "tags:read", "nested"),
        ("/method", "tags:read", "method"),
        ("/reset", "admin", "reset"),
        ("/entries", "entries:read", "7"),
        ("/me", "user:read", "me"),
    ] {
        let response = Request::get(path).send(address).await;
        assert_challenged(&response, 401, body::UNAUTHORIZED, scope);
        let response = Request::get(path).bearer(&token("other")).send(address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, scope);
        let response = Request::get(path).bearer(&token(scope)).send(address).await;
        assert_ran(&response, answer);
    }
    for (path, answer) in
        [("/count", "3"), ("/version", "1"), ("/entries/count", "9"), ("/healthz", "ok")]
    {
        assert_ran(&Request::get(path).send(address).await, answer);
    }
    // The guard is in front of the other extractors: the body is no JSON.
    let response = Request::post("/create").bearer(&token("other")).send(address).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "tags:read");
}
