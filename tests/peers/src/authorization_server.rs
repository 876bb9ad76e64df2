//! An authorization server that knows one answer, with what zitadel's discovery asks for.

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

/// How long an answer takes: what a round trip within one data centre and a database do.
const DELAY: Duration = Duration::from_millis(20);

pub struct AuthorizationServer {
    pub issuer: String,
    exchanges: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl AuthorizationServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let exchanges = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&exchanges);
        let answer = claims(&issuer);
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
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(DELAY).await;
                    ([(CONTENT_TYPE, "application/json")], answer)
                }),
            );
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("serving does not end");
        });
        Self { issuer, exchanges, task }
    }

    pub fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }

    /// From now on nobody answers.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// About 400 bytes, as an authorization server writes them.
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
