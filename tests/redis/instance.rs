//! Instances of a guarded service that share a store, and their authorization server.

use std::time::Duration;

use fixtures::http_server::HttpServer;
use fixtures::journal;
pub use fixtures::journal::{RESOURCE, authorization_server, token};
pub use fixtures::redis_server::TIMEOUT;
use fixtures::rejection_body;
use requires_auth::shared_cache::{SharedCache, SharedCacheBuilder};
use requires_auth::testing::{AuthorizationServer, ManualClock};
use requires_auth::{AccessToken, Cached, CachedBuilder, Introspection, ResourceServer};
use tokio::time::Instant;

pub const SECRET: &str = "the secret of the tests, 32 bytes";

pub struct Instance {
    server: HttpServer,
    pub cache: Cached<Introspection>,
    http: reqwest::Client,
}

/// The response of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub challenge: Option<String>,
    pub body: String,
}

impl Instance {
    pub async fn start(server: &AuthorizationServer, url: &str) -> Self {
        let shared = SharedCache::single(url, SECRET);
        Self::with(server, shared, ManualClock::running(), |cache| cache).await
    }

    /// Two instances that share the store.
    pub async fn start_two(server: &AuthorizationServer, url: &str) -> (Self, Self) {
        (Self::start(server, url).await, Self::start(server, url).await)
    }

    pub async fn with(
        server: &AuthorizationServer,
        shared: SharedCacheBuilder,
        clock: ManualClock,
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        let shared = shared.timeout(TIMEOUT).build().expect("the settings are right");
        Self::with_shared_cache(server, shared, clock, settings).await
    }

    pub async fn with_shared_cache(
        server: &AuthorizationServer,
        shared: SharedCache,
        clock: ManualClock,
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        let introspection = journal::introspection(server).build();
        let introspection = introspection.expect("the settings are right");
        let cache = Cached::builder(introspection).clock(clock.clone()).shared(shared);
        let cache = settings(cache).build().expect("the settings are right");
        let server = ResourceServer::builder(RESOURCE)
            .issuer(server.issuer())
            .resolver(cache.clone())
            .clock(clock)
            .build()
            .expect("the settings are right");
        let server = HttpServer::start(journal::router().with_state(server)).await;
        Self { server, cache, http: reqwest::Client::new() }
    }

    /// Reads the entries, which needs `entries:read`.
    pub async fn read(&self, token: &str) -> Response {
        self.response(self.http.get(self.url()).bearer_auth(token)).await
    }

    /// Writes an entry, which needs `entries:write`.
    pub async fn write(&self, token: &str) -> Response {
        self.response(self.http.post(self.url()).bearer_auth(token)).await
    }

    fn url(&self) -> String {
        format!("http://{}/entries", self.server.address())
    }

    async fn response(&self, request: reqwest::RequestBuilder) -> Response {
        let response = request.send().await.expect("the service answers");
        let challenge = response.headers().get("www-authenticate");
        let challenge = challenge.map(|text| text.to_str().expect("it is ASCII").to_owned());
        let status = response.status().as_u16();
        Response { status, challenge, body: response.text().await.expect("the body is whole") }
    }

    /// Sends requests until the response has this status, and returns how long that took.
    pub async fn wait_for_status(&self, token: &str, status: u16) -> Duration {
        let started = Instant::now();
        while self.read(token).await.status != status {
            assert!(started.elapsed() < TIMEOUT, "no {status} comes");
            tokio::task::yield_now().await;
        }
        started.elapsed()
    }
}

impl Response {
    pub fn ok() -> Self {
        Self { status: 200, challenge: None, body: "entries".to_owned() }
    }

    /// Of a token that is not active.
    pub fn inactive() -> Self {
        let what = "The access token is malformed, expired, revoked or not meant for this resource";
        let metadata = "https://journal.example/.well-known/oauth-protected-resource/mcp";
        let challenge = format!(
            "Bearer error=\"invalid_token\", error_description=\"{what}\", \
             scope=\"entries:read\", resource_metadata=\"{metadata}\""
        );
        let body = rejection_body::INVALID_TOKEN.to_owned();
        Self { status: 401, challenge: Some(challenge), body }
    }
}

pub fn parse(token: &str) -> AccessToken {
    token.parse::<AccessToken>().expect("it was issued")
}
