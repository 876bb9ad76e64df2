//! R-K8: one request is resolved once, whoever extracts its caller, and the challenge names the scopes
//! of every guard that it has passed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, Request as HttpRequest, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::raw_http::{self, Request};
use fixtures::rejection_body as body;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use requires_auth::{
    AccessToken, AuthInfo, AuthInfo as Auth, Cached, Claims, Rejection, ResolveError, Resolver,
    ResourceServer, TokenError, requires_auth,
};

use crate::service::RESOURCE;
use crate::{assert_challenged, assert_ran};

/// Grants a token the scopes that it consists of, and counts.
#[derive(Clone, Default)]
pub struct CountingResolver(pub Arc<AtomicUsize>);

impl Resolver for CountingResolver {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        if token.expose() == "inactive" {
            return Err(ResolveError::InvalidToken(TokenError::Inactive));
        }
        let scope = token.expose().replace('.', " ");
        let claims = format!(
            r#"{{"active":true,"iss":"https://auth.example","aud":"{RESOURCE}","sub":"alice","scope":"{scope}"}}"#
        );
        Claims::from_introspection(claims.as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "counting".to_owned()
    }
}

#[derive(Clone, FromRef)]
struct App {
    server: ResourceServer,
    foreign: Foreign,
}

/// Another resource server, which has the same settings.
#[derive(Clone)]
struct Foreign(ResourceServer);

struct Running {
    address: SocketAddr,
    introspection_requests: CountingResolver,
    foreign: CountingResolver,
}

impl Running {
    async fn start(caching: bool) -> Self {
        let (introspection_requests, foreign) =
            (CountingResolver::default(), CountingResolver::default());
        let server = |resolver: &CountingResolver| {
            let builder = ResourceServer::builder(RESOURCE).issuer("https://auth.example");
            let builder = if caching {
                builder.resolver(Cached::new(resolver.clone()))
            } else {
                builder.resolver(resolver.clone())
            };
            builder.build().unwrap()
        };
        let app =
            App { server: server(&introspection_requests), foreign: Foreign(server(&foreign)) };
        let address = serve(router(app)).await;
        Self { address, introspection_requests, foreign }
    }

    async fn get(&self, path: &str, token: &str) -> raw_http::Response {
        Request::get(path).bearer(token).send(self.address).await
    }

    fn introspection_requests(&self) -> [usize; 2] {
        [&self.introspection_requests, &self.foreign]
            .map(|counting| counting.0.load(Ordering::SeqCst))
    }
}

fn router(app: App) -> Router {
    let guarded_layer = from_fn_with_state(app.clone(), guarded_layer);
    let layer = from_fn_with_state(app.clone(), layer);
    let swapping = from_fn(swap_the_token);
    Router::new()
        .route("/alias", get(alias))
        .route("/result", get(result))
        .route("/custom", get(custom))
        .route("/custom-beside", get(custom_beside))
        .route("/layer", get(further).layer(layer.clone()))
        .route("/guarded-layer", get(further).layer(guarded_layer.clone()))
        .route("/both-guarded", get(write).layer(guarded_layer))
        .route("/by-hand", get(by_hand))
        .route("/foreign", get(foreign))
        .route("/swapped", get(further).layer(swapping).layer(layer))
        .route("/twice", get(twice))
        .with_state(app)
}

fn more(auth: &AuthInfo) -> Result<String, Rejection> {
    auth.require("more")?;
    Ok(auth.subject().unwrap_or_default().to_owned())
}

#[requires_auth(scopes = "read")]
async fn alias(auth: Auth) -> Result<String, Rejection> {
    more(&auth)
}

#[requires_auth(scopes = "read")]
async fn result(auth: Result<AuthInfo, Rejection>) -> Result<String, Rejection> {
    more(&auth?)
}

struct CurrentUser(AuthInfo);

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        AuthInfo::from_request_parts(parts, app).await.map(Self)
    }
}

#[requires_auth(scopes = "read")]
async fn custom(_headers: HeaderMap, user: CurrentUser) -> Result<String, Rejection> {
    more(&user.0)
}

#[requires_auth(scopes = "read")]
async fn custom_beside(user: CurrentUser, auth: AuthInfo) -> Result<String, Rejection> {
    more(&auth)?;
    more(&user.0)
}

async fn layer(_auth: AuthInfo, request: HttpRequest, next: Next) -> Response {
    next.run(request).await
}

#[requires_auth(scopes = "read")]
async fn guarded_layer(request: HttpRequest, next: Next) -> Response {
    next.run(request).await
}

async fn swap_the_token(mut request: HttpRequest, next: Next) -> Response {
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer write"));
    next.run(request).await
}

async fn further(auth: AuthInfo) -> Result<String, Rejection> {
    more(&auth)
}

#[requires_auth(scopes = "write")]
async fn write(auth: AuthInfo) -> Result<String, Rejection> {
    more(&auth)
}

#[requires_auth(scopes = "read")]
async fn by_hand(auth: AuthInfo) -> Result<String, Rejection> {
    write(auth.try_into()?).await
}

struct OfForeign(AuthInfo);

impl FromRequestParts<App> for OfForeign {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        AuthInfo::from_request_parts(parts, &app.foreign.0).await.map(Self)
    }
}

#[requires_auth(scopes = "read")]
async fn foreign(auth: AuthInfo, other: OfForeign, _: State<App>) -> Result<String, Rejection> {
    more(&auth)?;
    more(&other.0)
}

async fn twice(first: Result<AuthInfo, Rejection>, second: Result<AuthInfo, Rejection>) -> String {
    format!("{:?} {:?}", first.unwrap_err().status(), second.unwrap_err().status())
}

#[tokio::test]
async fn one_request_is_resolved_once() {
    // R-K8
    for path in ["/alias", "/result", "/custom", "/custom-beside", "/layer", "/guarded-layer"] {
        let running = Running::start(false).await;
        assert_ran(&running.get(path, "read.more").await, "alice");
        assert_eq!(running.introspection_requests(), [1, 0], "{path}");
        assert_ran(&running.get(path, "read.more").await, "alice");
        assert_eq!(
            running.introspection_requests(),
            [2, 0],
            "{path}: nothing is kept for the next request"
        );
    }
}

#[tokio::test]
async fn the_challenge_names_the_scopes_of_every_guard() {
    // R-K8, R-B3: without a cache and with one, which answers at once the second time
    for caching in [false, true, true] {
        let running = Running::start(caching).await;
        for (path, token, scope) in [
            ("/alias", "read", "read more"),
            ("/result", "read", "read more"),
            ("/custom", "read", "read more"),
            ("/custom-beside", "read", "read more"),
            ("/guarded-layer", "read", "read more"),
            ("/both-guarded", "read", "read write"),
            ("/both-guarded", "read.write", "read write more"),
            ("/by-hand", "read", "read write"),
            ("/by-hand", "read.write", "read write more"),
            ("/layer", "read", "more"),
        ] {
            for _ in 0..2 {
                let response = running.get(path, token).await;
                assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, scope);
            }
        }
    }
}

#[tokio::test]
async fn a_second_resource_server_resolves_the_token_itself() {
    // R-K8
    let running = Running::start(false).await;
    assert_ran(&running.get("/foreign", "read.more").await, "alice");
    assert_eq!(running.introspection_requests(), [1, 1]);
}

#[tokio::test]
async fn claims_of_another_token_are_not_used() {
    // R-K8
    let running = Running::start(false).await;
    let response = running.get("/swapped", "read.more").await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "more");
    assert_eq!(running.introspection_requests(), [2, 0]);
}

#[tokio::test]
async fn a_rejected_token_is_resolved_once() {
    // R-K8
    let running = Running::start(false).await;
    assert_ran(&running.get("/twice", "inactive").await, "401 401");
    assert_eq!(running.introspection_requests(), [1, 0]);
}
