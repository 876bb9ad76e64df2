//! The service under test, its authorization server, and the clock of both.

use std::sync::Arc;

use axum::Json;
use axum::routing::get;
use fixtures::http_server::HttpServer;
use fixtures::journal;
pub use fixtures::journal::RESOURCE;
use requires_auth::testing::{AuthorizationServer, ManualClock};
use requires_auth::{
    AuthInfo, Cached, CachedBuilder, Introspection, IntrospectionBuilder, ResourceServer,
    requires_auth,
};
use serde_json::Value;

pub struct Service {
    server: HttpServer,
    pub authorization_server: Arc<AuthorizationServer>,
    pub clock: ManualClock,
    pub cache: Option<Cached<Introspection>>,
}

impl Service {
    /// A service that introspects the token of each request.
    pub async fn without_cache(
        settings: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
    ) -> Self {
        Self::with(settings, None::<fn(CachedBuilder<_>) -> CachedBuilder<_>>).await
    }

    /// A service with a cache.
    pub async fn with_cache(
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        Self::with(|client| client, Some(settings)).await
    }

    pub async fn with(
        client: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
        cache: Option<impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>>,
    ) -> Self {
        let authorization_server = Arc::new(journal::authorization_server().await);
        Self::with_clock(authorization_server, ManualClock::running(), client, cache).await
    }

    /// Another instance of the service, with the same authorization server and the same clock.
    pub async fn second_instance(
        &self,
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        let server = Arc::clone(&self.authorization_server);
        Self::with_clock(server, self.clock.clone(), |client| client, Some(settings)).await
    }

    async fn with_clock(
        authorization_server: Arc<AuthorizationServer>,
        clock: ManualClock,
        client: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
        cache: Option<impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>>,
    ) -> Self {
        let introspection = journal::introspection(&authorization_server).clock(clock.clone());
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
        let server = server.build().expect("the settings are right");
        let app = journal::router().route("/me", get(me)).with_state(server);
        Self { server: HttpServer::start(app).await, authorization_server, clock, cache }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// A valid token with these scopes.
    pub fn token(&self, scopes: &str) -> String {
        journal::token(&self.authorization_server, scopes)
    }

    pub fn introspection_requests(&self) -> usize {
        self.authorization_server.introspections()
    }
}

/// Responds with the claims, after it has changed its copy of them.
#[requires_auth]
async fn me(auth: AuthInfo) -> Json<Value> {
    let mut claims: Value = auth.claims().expect("claims are JSON");
    let before = claims.clone();
    claims["sub"] = "mallory".into();
    claims["scope"] = "everything".into();
    Json(before)
}
