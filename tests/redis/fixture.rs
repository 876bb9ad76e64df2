//! Instances of a guarded service that share a store, and their authorization server.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use requires_auth::shared_cache::{SharedCache, SharedCacheBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AccessToken, Cached, CachedBuilder, Introspection, ResourceServer, requires_auth,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clock::Hands;
pub use crate::redis_server::AMPLE;

pub const RESOURCE: &str = "https://journal.example/mcp";
pub const SECRET: &str = "the secret of the tests, 32 bytes";

pub struct Instance {
    address: SocketAddr,
    pub cache: Cached<Introspection>,
    http: reqwest::Client,
    task: JoinHandle<()>,
}

/// The response of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub challenge: Option<String>,
    pub body: String,
}

impl Instance {
    pub async fn start(server: &AuthorizationServer, url: &str) -> Self {
        let shared = SharedCache::single(url, SECRET);
        Self::with(server, shared, Hands::default(), |cache| cache).await
    }

    pub async fn with(
        server: &AuthorizationServer,
        shared: SharedCacheBuilder,
        clock: Hands,
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        let shared = shared.timeout(AMPLE).build().expect("the settings are right");
        Self::sharing(server, shared, clock, settings).await
    }

    pub async fn sharing(
        server: &AuthorizationServer,
        shared: SharedCache,
        clock: Hands,
        settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
    ) -> Self {
        let introspection = Introspection::builder(server.introspection_url())
            .client_secret_basic("journal", "the-secret")
            .build()
            .expect("the settings are right");
        let cache = Cached::builder(introspection).clock(clock.clone()).shared(shared);
        let cache = settings(cache).build().expect("the settings are right");
        let server = ResourceServer::builder(RESOURCE)
            .issuer(server.issuer())
            .resolver(cache.clone())
            .clock(clock)
            .build()
            .expect("the settings are right");
        let app = Router::new().route("/entries", get(list).post(create)).with_state(server);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let address = listener.local_addr().expect("a bound socket has an address");
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("serving does not end");
        });
        Self { address, cache, http: reqwest::Client::new(), task }
    }

    /// Reads the entries, which needs `entries:read`.
    pub async fn read(&self, token: &str) -> Answer {
        self.answer(self.http.get(self.url()).bearer_auth(token)).await
    }

    /// Writes an entry, which needs `entries:write`.
    pub async fn write(&self, token: &str) -> Answer {
        self.answer(self.http.post(self.url()).bearer_auth(token)).await
    }

    fn url(&self) -> String {
        format!("http://{}/entries", self.address)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("the service answers");
        let challenge = response.headers().get("www-authenticate");
        let challenge = challenge.map(|text| text.to_str().expect("it is ASCII").to_owned());
        let status = response.status().as_u16();
        Answer { status, challenge, body: response.text().await.expect("the body is whole") }
    }

    /// Sends requests until the response has this status, and returns how long that took.
    pub async fn until(&self, token: &str, status: u16) -> Duration {
        let begun = Instant::now();
        while self.read(token).await.status != status {
            assert!(begun.elapsed() < AMPLE, "no {status} comes");
            tokio::task::yield_now().await;
        }
        begun.elapsed()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Answer {
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
        let body = format!(r#"{{"error":"invalid_token","error_description":"{what}"}}"#);
        Self { status: 401, challenge: Some(challenge), body }
    }
}

pub async fn authorization_server() -> AuthorizationServer {
    let builder = AuthorizationServer::builder().client("journal", "the-secret");
    builder.start().await.expect("loopback is there")
}

/// A valid token with these scopes.
pub fn token(server: &AuthorizationServer, scopes: &str) -> String {
    server.mint().subject("alice").audience(RESOURCE).scopes(scopes).issue()
}

pub fn parsed(token: &str) -> AccessToken {
    token.parse::<AccessToken>().expect("it was issued")
}

#[requires_auth(scopes = "entries:read")]
async fn list() -> &'static str {
    "entries"
}

#[requires_auth(scopes = "entries:write")]
async fn create() -> &'static str {
    "created"
}
