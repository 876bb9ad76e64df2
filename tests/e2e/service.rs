//! The service under test: guarded handlers behind a real socket, and its authorization server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{FromRef, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use fixtures::http_server::HttpServer;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AuthInfo, Cached, Introspection, IntrospectionBuilder, Rejection, Resolver, ResourceServer,
    ResourceServerBuilder, requires_auth,
};
use serde_json::Value;

/// The resource identifier, the audience of each token. It is not the address of the service.
pub const RESOURCE: &str = "https://api.example/v1";

/// The last parameter of each challenge.
pub const METADATA: &str =
    "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/v1\"";

/// A running service. Dropping it stops the service.
pub struct Service {
    pub address: SocketAddr,
    pub authorization_server: AuthorizationServer,
    runs: Arc<AtomicUsize>,
    _server: HttpServer,
}

impl Service {
    /// A service with the defaults.
    pub async fn start() -> Self {
        Self::with(|introspection| introspection, |server| server).await
    }

    /// A service with other settings.
    pub async fn with(
        introspection: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
        server: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder,
    ) -> Self {
        let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
        Self::with_authorization_server(authorization_server, introspection, server).await
    }

    /// A service with this authorization server.
    pub async fn with_authorization_server(
        authorization_server: AuthorizationServer,
        introspection: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
        server: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder,
    ) -> Self {
        let endpoint = authorization_server.introspection_url();
        let client = introspection(Introspection::builder(endpoint)).build();
        let server = server(
            ResourceServer::builder(RESOURCE)
                .issuer(authorization_server.issuer())
                .resolver(client.expect("the settings are right")),
        );
        Self::from_builder(authorization_server, server).await
    }

    /// A service with this resolver. The authorization server issues the tokens.
    pub async fn with_resolver(
        authorization_server: AuthorizationServer,
        resolver: impl Resolver,
    ) -> Self {
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(resolver);
        Self::from_builder(authorization_server, server).await
    }

    /// A service with the resource server of this builder.
    pub async fn from_builder(
        authorization_server: AuthorizationServer,
        server: ResourceServerBuilder,
    ) -> Self {
        let server = server.build().expect("the settings are right");
        Self::with_server(authorization_server, server).await
    }

    /// A service with this resource server.
    pub async fn with_server(
        authorization_server: AuthorizationServer,
        server: ResourceServer,
    ) -> Self {
        let runs = Arc::new(AtomicUsize::new(0));
        let app = router(App { server, runs: Arc::clone(&runs) });
        let server = HttpServer::start(app).await;
        Self { address: server.address(), authorization_server, runs, _server: server }
    }

    /// A service with a cache, and the cache.
    pub async fn with_cache() -> (Self, Cached<Introspection>) {
        let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        let cached = Cached::new(client.expect("the settings are right"));
        (Self::with_resolver(authorization_server, cached.clone()).await, cached)
    }

    /// A valid token of `alice` with these scopes.
    pub fn token(&self, scopes: &str) -> String {
        let mint = self.authorization_server.mint();
        mint.subject("alice").audience(RESOURCE).scopes(scopes).issue()
    }

    /// A token with exactly this introspection response.
    pub fn token_with_response(&self, body: impl Into<String>) -> String {
        self.authorization_server.mint().answer_with_bytes(body.into()).issue()
    }

    /// The number of times that a handler has run.
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// The number of introspection requests.
    pub fn introspection_requests(&self) -> usize {
        self.authorization_server.introspections()
    }
}

#[derive(Clone, FromRef)]
struct App {
    server: ResourceServer,
    runs: Arc<AtomicUsize>,
}

type Runs = State<Arc<AtomicUsize>>;

fn router(app: App) -> Router {
    Router::new()
        .route("/any-token", get(any_token))
        .route("/read", get(read))
        .route("/read-write", get(read_write))
        .route("/choice", get(choice))
        .route("/list-first", get(list_first))
        .route("/nested", get(nested))
        .route("/optional", get(optional))
        .route("/write", post(write))
        .route("/further", post(further))
        .route("/unmarked", get(unmarked))
        .route("/unmarked-optional", get(unmarked_optional))
        .merge(app.server.metadata_routes())
        .with_state(app)
}

fn ran(runs: &AtomicUsize, caller: Option<&AuthInfo>) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    let name = caller.map(|auth| auth.subject().unwrap_or("no subject"));
    format!("{} may", name.unwrap_or("anybody"))
}

#[requires_auth]
async fn any_token(auth: AuthInfo, State(runs): Runs) -> String {
    ran(&runs, Some(&auth))
}

#[requires_auth(scopes = "read")]
async fn read(State(runs): Runs, auth: AuthInfo) -> String {
    ran(&runs, Some(&auth))
}

#[requires_auth(scopes = ["read", "write"])]
async fn read_write(State(runs): Runs) -> String {
    ran(&runs, None)
}

#[requires_auth(scopes = any("admin", all("read", "write")))]
async fn choice(auth: AuthInfo, State(runs): Runs) -> String {
    ran(&runs, Some(&auth))
}

#[requires_auth(scopes = any(all("read", "write"), "admin"))]
async fn list_first(auth: AuthInfo, State(runs): Runs) -> String {
    ran(&runs, Some(&auth))
}

#[requires_auth(scopes = all("a", any("b", all("c", "d"))))]
async fn nested(auth: AuthInfo, State(runs): Runs) -> String {
    ran(&runs, Some(&auth))
}

#[requires_auth(scopes = "read", optional)]
async fn optional(auth: Option<AuthInfo>, State(runs): Runs) -> String {
    ran(&runs, auth.as_ref())
}

#[requires_auth(scopes = "write")]
async fn write(State(runs): Runs, auth: AuthInfo, Json(_): Json<Value>) -> String {
    ran(&runs, Some(&auth))
}

#[requires_auth(scopes = "write")]
async fn further(auth: AuthInfo, State(runs): Runs, scopes: String) -> Result<String, Rejection> {
    auth.require(&scopes)?;
    Ok(ran(&runs, Some(&auth)))
}

async fn unmarked(auth: AuthInfo, State(runs): Runs) -> String {
    ran(&runs, Some(&auth))
}

async fn unmarked_optional(auth: Option<AuthInfo>, State(runs): Runs) -> String {
    ran(&runs, auth.as_ref())
}
