//! The paths of functions in the log.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
#![allow(clippy::unused_async, reason = "they are handlers")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use requires_auth::{
    AccessToken, Claims, Manifest, Rejection, ResolveError, Resolver, ResourceServer, TokenError,
    requires_auth,
};
use tower_service::Service;
use tracing_subscriber::filter::LevelFilter;

mod rest {
    #[requires_auth::requires_auth(scopes = "read")]
    pub(super) async fn list() {}
}

mod admin {
    #[requires_auth::requires_auth(scopes = "read")]
    pub(super) async fn list() {}

    #[requires_auth::requires_auth(scopes = "read")]
    pub(super) async fn r#match() {}

    #[requires_auth::requires_auth(scopes = "read")]
    pub(super) async fn generic<const N: usize>() {}
}

#[requires_auth(scopes = "read")]
mod group {
    pub(super) async fn list() {}

    pub(super) mod nested {
        pub(in super::super) async fn list() {}
    }
}

struct Api;

impl Api {
    #[requires_auth(scopes = "read")]
    async fn list() {}

    #[requires_auth(scopes = "read", from = headers, server = server)]
    async fn method(&self, headers: &HeaderMap, server: &ResourceServer) -> Result<(), Rejection> {
        Ok(())
    }
}

trait Listed {
    async fn list(headers: &HeaderMap, server: &ResourceServer) -> Result<(), Rejection>;
}

impl Listed for Api {
    #[requires_auth(scopes = "read", from = headers, server = server)]
    async fn list(headers: &HeaderMap, server: &ResourceServer) -> Result<(), Rejection> {
        Ok(())
    }
}

/// The methods have one place in the source.
macro_rules! with_list {
    ($($name:ident)*) => {$(
        struct $name;

        impl $name {
            #[requires_auth(scopes = "read")]
            async fn list() {}
        }
    )*};
}

with_list!(First Second);

fn router() -> Router<ResourceServer> {
    #[requires_auth(scopes = "read")]
    async fn list() {}

    Router::new()
        .route("/rest", get(rest::list))
        .route("/admin", get(admin::list))
        .route("/match", get(admin::r#match))
        .route("/generic", get(admin::generic::<1>))
        .route("/group", get(group::list))
        .route("/group/nested", get(group::nested::list))
        .route("/api", get(Api::list))
        .route("/first", get(First::list))
        .route("/second", get(Second::list))
        .route("/router", get(list))
}

struct NoToken;

impl Resolver for NoToken {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Err(TokenError::Inactive.into())
    }

    fn cache_namespace(&self) -> String {
        String::new()
    }
}

/// The lines of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The functions in the lines since the last call.
    fn functions(&self) -> Vec<String> {
        let lines = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let functions =
            lines.lines().filter_map(|line| line.split_once("function=\"")?.1.split('"').next());
        functions.map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_the_path_of_a_function_in_the_manifest() {
    // R-K16
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let server = ResourceServer::builder("https://a.example").issuer("https://as.example");
    let server = server.resolver(NoToken).build().unwrap();
    let mut router = router().with_state(server.clone());
    let manifest = Manifest::collect();
    let is_in_manifest = |path: &str| manifest.entries().iter().any(|entry| entry.path() == path);
    for (request, path) in [
        ("/rest", "function_paths::rest::list"),
        ("/admin", "function_paths::admin::list"),
        ("/match", "function_paths::admin::match"),
        ("/generic", "function_paths::admin::generic"),
        ("/group", "function_paths::group::list"),
        ("/group/nested", "function_paths::group::nested::list"),
        ("/api", "function_paths::Api::list"),
        ("/router", "function_paths::router::list"),
    ] {
        let request = axum::http::Request::get(request).body(axum::body::Body::empty()).unwrap();
        assert_eq!(router.call(request).await.unwrap().status(), 401, "{path}");
        assert_eq!(log.functions(), [path]);
        assert!(is_in_manifest(path), "{path}: {manifest}");
    }
    let headers = HeaderMap::new();
    Api.method(&headers, &server).await.unwrap_err();
    assert_eq!(log.functions(), ["function_paths::Api::method"]);
    <Api as Listed>::list(&headers, &server).await.unwrap_err();
    let path = "<function_paths::Api as function_paths::Listed>::list";
    assert_eq!(log.functions(), [path]);
    assert!(is_in_manifest(path), "{manifest}");
    // Functions of one place are not told apart.
    for request in ["/first", "/second"] {
        let request = axum::http::Request::get(request).body(axum::body::Body::empty()).unwrap();
        assert_eq!(router.call(request).await.unwrap().status(), 401);
        assert_eq!(log.functions(), ["list"]);
    }
}
