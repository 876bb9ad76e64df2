//! `ResourceServer::layer`: a tower layer in front of a whole router.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use axum::extract::Request as HttpRequest;
use axum::routing::{delete, get};
use axum::{Extension, Router};
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::{self, Request};
use fixtures::rejection_body as body;
use http::Response;
use requires_auth::{
    AuthInfo, AuthLayer, Cached, Condition, Rejection, ResourceServer, requires_auth,
};
use tower_layer::Layer;
use tower_service::Service;

use crate::service::RESOURCE;
use crate::single_resolution::CountingResolver;
use crate::{assert_challenged, assert_ran, assert_server_error};

const READ: Condition = Condition::Scope("read");

/// A router behind a layer.
struct Layered {
    address: SocketAddr,
    resolver: CountingResolver,
}

impl Layered {
    async fn start(cached: bool, layer: impl FnOnce(AuthLayer) -> AuthLayer) -> Self {
        let resolver = CountingResolver::default();
        let builder = ResourceServer::builder(RESOURCE).issuer("https://auth.example");
        let builder = if cached {
            builder.resolver(Cached::new(resolver.clone()))
        } else {
            builder.resolver(resolver.clone())
        };
        let server = builder.build().unwrap();
        let app = Router::new()
            .route("/extension", get(extension))
            .route("/argument", get(argument))
            .route("/guarded", delete(guarded))
            .route("/silent", get(silent))
            .route("/by-hand", get(by_hand))
            .route("/unguarded", get(unguarded))
            .route_layer(layer(server.layer()))
            .with_state(server);
        let address = serve(app).await;
        Self { address, resolver }
    }

    async fn send(&self, method: &str, path: &str, token: Option<&str>) -> raw_http::Response {
        let request = Request::new(method, path);
        let request = match token {
            Some(token) => request.bearer(token),
            None => request,
        };
        request.send(self.address).await
    }

    async fn get(&self, path: &str, token: &str) -> raw_http::Response {
        self.send("GET", path, Some(token)).await
    }

    fn resolutions(&self) -> usize {
        self.resolver.0.load(Ordering::SeqCst)
    }
}

async fn extension(Extension(auth): Extension<AuthInfo>) -> String {
    auth.subject().unwrap_or_default().to_owned()
}

async fn argument(auth: AuthInfo) -> Result<String, Rejection> {
    auth.require("more")?;
    Ok(auth.subject().unwrap_or_default().to_owned())
}

#[requires_auth(scopes = "write")]
async fn guarded(auth: AuthInfo) -> String {
    auth.subject().unwrap_or_default().to_owned()
}

#[requires_auth]
async fn silent() -> &'static str {
    "silent"
}

async fn by_hand(
    axum::extract::State(server): axum::extract::State<ResourceServer>,
    request: HttpRequest,
) -> Result<String, Rejection> {
    let (mut head, _) = request.into_parts();
    let auth = server.authorize(&mut head, Condition::NONE).await?;
    Ok(auth.subject().unwrap_or_default().to_owned())
}

async fn unguarded() -> &'static str {
    "a secret"
}

#[tokio::test]
async fn every_request_is_authenticated_before_the_service() {
    // R-K12, R-A9, R-B1, R-B3, R-E1: without a cache and with one, which has the claims the second time
    for cached in [false, true, true] {
        let layered = Layered::start(cached, |layer| layer.require(READ)).await;
        for _ in 0..2 {
            for path in ["/extension", "/unguarded"] {
                let response = layered.send("GET", path, None).await;
                assert_challenged(&response, 401, body::UNAUTHORIZED, "read");
                let response = layered.get(path, "inactive").await;
                assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
                let response = layered.get(path, "other").await;
                assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");
                let response = layered.get(path, "\"").await;
                assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
            }
            assert_ran(&layered.get("/extension", "read").await, "alice");
            assert_ran(&layered.get("/unguarded", "read").await, "a secret");
        }
    }
}

#[tokio::test]
async fn a_path_that_is_not_routed_gets_no_challenge_from_a_route_layer() {
    let layered = Layered::start(false, |layer| layer).await;
    assert_eq!(layered.send("GET", "/nothing", None).await.status, 404);
    assert_eq!(layered.resolutions(), 0);
}

#[tokio::test]
async fn guards_behind_the_layer_reuse_the_resolved_claims() {
    // R-K8
    for (method, path, token) in [
        ("GET", "/extension", "read"),
        ("GET", "/argument", "read.more"),
        ("DELETE", "/guarded", "read.write"),
        ("GET", "/by-hand", "read"),
    ] {
        let layered = Layered::start(false, |layer| layer.require(READ)).await;
        assert_ran(&layered.send(method, path, Some(token)).await, "alice");
        assert_eq!(layered.resolutions(), 1, "{path}");
        assert_ran(&layered.send(method, path, Some(token)).await, "alice");
        assert_eq!(layered.resolutions(), 2, "{path}: nothing is kept for the next request");
    }
}

#[tokio::test]
async fn the_challenge_behind_the_layer_names_the_scopes_of_both() {
    // R-K8, R-B3
    for cached in [false, true] {
        let layered = Layered::start(cached, |layer| layer.require(READ)).await;
        for _ in 0..2 {
            let response = layered.send("DELETE", "/guarded", Some("read")).await;
            assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read write");
            let response = layered.get("/argument", "read").await;
            assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read more");
        }
    }
}

#[tokio::test]
async fn each_condition_of_a_layer_must_be_met() {
    // R-K8, R-B3
    for cached in [false, true] {
        let conditions = |layer: AuthLayer| layer.require(READ).require(Condition::Scope("audit"));
        let layered = Layered::start(cached, conditions).await;
        for _ in 0..2 {
            let response = layered.send("GET", "/extension", None).await;
            assert_challenged(&response, 401, body::UNAUTHORIZED, "read audit");
            for token in ["read", "audit"] {
                let response = layered.get("/extension", token).await;
                assert_eq!(response.status, 403, "a token with {token} alone");
            }
            // A token without the second scope is challenged with those of both.
            let response = layered.get("/extension", "read").await;
            assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read audit");
            assert_eq!(layered.get("/extension", "read.audit").await.status, 200);
        }
    }
}

#[tokio::test]
async fn an_optional_layer_forwards_requests_without_a_token() {
    // R-K11
    let layered = Layered::start(false, |layer| layer.optional().require(READ)).await;
    assert_ran(&layered.send("GET", "/unguarded", None).await, "a secret");
    let response = layered.get("/unguarded", "inactive").await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    let response = layered.get("/unguarded", "other").await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");
    // A guard behind it makes its own decision.
    let response = layered.send("DELETE", "/guarded", None).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "write");
}

#[tokio::test]
async fn a_handler_without_a_guard_is_rejected_if_the_layer_denies_it() {
    // R-K12
    let log = LogCapture::default();
    let _logging = log.start();
    let layered = Layered::start(false, |layer| layer.optional().deny_unguarded()).await;
    for token in [None, Some("read")] {
        for path in ["/unguarded?key=canary", "/extension"] {
            let response = layered.send("GET", path, token).await;
            assert_server_error(&response, 500, body::SERVER_ERROR, None);
        }
    }
    for (path, token, ran) in [
        ("/silent", "read", "silent"),
        ("/argument", "more", "alice"),
        ("/by-hand", "read", "alice"),
    ] {
        assert_ran(&layered.get(path, token).await, ran);
    }
    // The response of a guard is not replaced.
    let response = layered.send("GET", "/silent", None).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "");
    let response = layered.send("DELETE", "/guarded", Some("read")).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "write");
    let lines = log.lines();
    let words = "cause=the handler of GET /unguarded has no guard";
    assert!(lines.iter().any(|line| line.contains(words)), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("canary")), "{lines:#?}");
}

/// A service that must be polled ready before it is called.
#[derive(Default)]
struct Counted {
    ready: bool,
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl Service<http::Request<()>> for Counted {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        let auth: &AuthInfo = request.extensions().get().unwrap();
        let subject = auth.subject().unwrap_or_default().to_owned();
        std::future::ready(Ok(Response::new(subject)))
    }
}

#[tokio::test]
async fn the_service_that_is_ready_is_the_one_that_is_called() {
    for cached in [false, true] {
        let resolver = CountingResolver::default();
        let server = ResourceServer::builder(RESOURCE).issuer("https://auth.example");
        let server =
            if cached { server.resolver(Cached::new(resolver)) } else { server.resolver(resolver) };
        let mut service = server.build().unwrap().layer().layer(Counted::default());
        for _ in 0..3 {
            std::future::poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
            let request = http::Request::get("/").header("authorization", "Bearer read");
            let response = service.call(request.body(()).unwrap()).await.unwrap();
            assert_eq!(response.into_body(), "alice");
        }
    }
}

/// A service that fails.
#[derive(Clone)]
struct Failing;

impl Service<http::Request<()>> for Failing {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Response<String>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<()>) -> Self::Future {
        std::future::ready(Err("down"))
    }
}

#[tokio::test]
async fn an_error_of_the_service_is_passed_on() {
    // R-K12, R-H6
    let server = ResourceServer::builder(RESOURCE).issuer("https://auth.example");
    let server = server.resolver(CountingResolver::default()).build().unwrap();
    let request = || {
        let request = http::Request::get("/").header("authorization", "Bearer read");
        request.body(()).unwrap()
    };
    let mut authenticated = server.layer().layer(Failing);
    assert_eq!(format!("{:?}", authenticated.call(request())), "AuthFuture { .. }");
    assert_eq!(authenticated.call(request()).await.unwrap_err(), "down");
    let mut with_nonces = server.dpop_nonce_layer().layer(Failing);
    assert_eq!(format!("{:?}", with_nonces.call(request())), "DpopNonceFuture { .. }");
    assert_eq!(with_nonces.call(request()).await.unwrap_err(), "down");
}

#[tokio::test]
async fn a_scope_that_several_requirements_name_is_challenged_once() {
    // R-K12, R-B3
    const BOTH: Condition = Condition::All(&[READ, Condition::Scope("write")]);
    for cached in [false, true] {
        let require = |layer: AuthLayer| layer.require(READ).require(BOTH).require(READ);
        let layered = Layered::start(cached, require).await;
        let response = layered.send("GET", "/extension", None).await;
        assert_challenged(&response, 401, body::UNAUTHORIZED, "read write");
        let response = layered.get("/extension", "read").await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read write");
        assert_ran(&layered.get("/extension", "read.write").await, "alice");
        // Of a function behind it, too.
        let response = layered.get("/argument", "read.write").await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read write more");
    }
}
