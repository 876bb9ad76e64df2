//! An authorization server with one introspection response, and with the documents that zitadel discovers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const RESOURCE: &str = "https://journal.example/mcp";

/// The duration of an introspection: a round trip within one data centre and a database query.
const DELAY: Duration = Duration::from_millis(20);

pub struct AuthorizationServer {
    pub issuer: String,
    introspection_requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl AuthorizationServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let introspection_requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&introspection_requests);
        let response = claims(&issuer);
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "introspection_endpoint": format!("{issuer}/introspect"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        });
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(|| async { Json(metadata) }))
            .route("/jwks", get(|| async { Json(json!({ "keys": [] })) }))
            .route(
                "/introspect",
                post(move || async move {
                    counter.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(DELAY).await;
                    ([(CONTENT_TYPE, "application/json")], response)
                }),
            );
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("serving does not end");
        });
        Self { issuer, introspection_requests, task }
    }

    pub fn introspection_requests(&self) -> usize {
        self.introspection_requests.load(Ordering::SeqCst)
    }

    /// Closes the listener: every later connection is refused.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// An introspection response of the usual length, about 400 bytes.
fn claims(issuer: &str) -> String {
    json!({
        "active": true, "iss": issuer, "aud": [RESOURCE], "sub": "248289761001",
        "client_id": "journal-web-app@journal", "username": "alice@example.com",
        "token_type": "Bearer", "scope": "entries:read entries:write", "exp": 4_102_444_800_u64,
        "iat": 1_767_225_600, "nbf": 1_767_225_600, "jti": "0e3f1b52-6a52-4b1e-9f0a-6f5a5a2f8c11",
        "name": "Alice Example", "email": "alice@example.com", "email_verified": true,
    })
    .to_string()
}
