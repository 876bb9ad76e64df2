//! The service under test, its authorization server, and a clock that the experiments move.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use requires_auth::testing::{AuthorizationServer, ManualClock};
use requires_auth::{
    AuthInfo, Cached, CachedBuilder, Introspection, IntrospectionBuilder, ResourceServer,
    requires_auth,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const RESOURCE: &str = "https://journal.example/mcp";

pub struct Lab {
    pub address: SocketAddr,
    pub authorization_server: Arc<AuthorizationServer>,
    pub clock: ManualClock,
    pub cache: Option<Cached<Introspection>>,
    task: JoinHandle<()>,
}

impl Lab {
    /// Asks about each request.
    pub async fn asking(
        settings: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
    ) -> Self {
        Self::with(settings, None::<fn(CachedBuilder<_>) -> CachedBuilder<_>>).await
    }

    /// Remembers what it was told.
    pub async fn remembering(
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        Self::with(|client| client, Some(settings)).await
    }

    pub async fn with(
        client: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
        cache: Option<impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>>,
    ) -> Self {
        let builder = AuthorizationServer::builder().client("journal", "the-secret");
        let authorization_server = builder.start().await.expect("loopback is there");
        Self::before(Arc::new(authorization_server), ManualClock::running(), client, cache).await
    }

    /// Another instance of the service, with the same authorization server and the same clock.
    pub async fn beside(
        &self,
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        let server = Arc::clone(&self.authorization_server);
        Self::before(server, self.clock.clone(), |client| client, Some(settings)).await
    }

    async fn before(
        authorization_server: Arc<AuthorizationServer>,
        clock: ManualClock,
        client: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
        cache: Option<impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>>,
    ) -> Self {
        let introspection = Introspection::builder(authorization_server.introspection_url())
            .client_secret_basic("journal", "the-secret")
            .clock(clock.clone());
        let introspection = client(introspection).build().expect("the settings are right");
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .clock(clock.clone());
        let (server, cache) = match cache {
            None => (server.resolver(introspection), None),
            Some(settings) => {
                let builder = Cached::builder(introspection).clock(clock.clone());
                let cached = settings(builder).build().expect("the settings are right");
                (server.resolver(cached.clone()), Some(cached))
            }
        };
        let app = Router::new()
            .route("/entries", get(list).post(create))
            .route("/me", get(me))
            .with_state(server.build().expect("the settings are right"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let address = listener.local_addr().expect("a bound socket has an address");
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("serving does not end");
        });
        Self { address, authorization_server, clock, cache, task }
    }

    /// A token that is right in everything, with these scopes.
    pub fn token(&self, scopes: &str) -> String {
        let mint = self.authorization_server.mint();
        mint.subject("alice").audience(RESOURCE).scopes(scopes).issue()
    }

    pub fn exchanges(&self) -> usize {
        self.authorization_server.introspections()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[requires_auth(scopes = "entries:read")]
async fn list() -> &'static str {
    "entries"
}

#[requires_auth(scopes = "entries:write")]
async fn create() -> &'static str {
    "created"
}

/// Changes its copy of the claims before it shows them.
#[requires_auth]
async fn me(auth: AuthInfo) -> Json<Value> {
    let mut claims: Value = auth.claims().expect("claims are JSON");
    let before = claims.clone();
    claims["sub"] = "mallory".into();
    claims["scope"] = "everything".into();
    Json(before)
}
