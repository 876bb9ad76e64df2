//! A guarded application behind a real listener.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{FromRef, State};
use axum::routing::post;
use axum::{Json, Router};
use fixtures::raw_http::DPOP_CHALLENGE;
use requires_auth::{AuthInfo, Introspection, ResourceServer, requires_auth};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A journal on a free port of this machine.
pub(crate) struct Journal {
    /// The resource identifier.
    pub(crate) resource: String,
    /// The URL of its metadata, which every challenge names.
    pub(crate) metadata_url: String,
    calls: Calls,
    http: reqwest::Client,
}

/// The whole response without its date.
#[derive(Debug, PartialEq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

#[derive(Clone, FromRef)]
struct App {
    server: ResourceServer,
    calls: Calls,
}

/// The number of times that a handler has run.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

#[derive(Deserialize)]
struct NewEntry {
    title: String,
}

#[requires_auth(scopes = "entries:write")]
async fn create_entry(
    State(calls): State<Calls>,
    auth: AuthInfo,
    Json(entry): Json<NewEntry>,
) -> Json<Value> {
    calls.0.fetch_add(1, Ordering::Relaxed);
    Json(json!({
        "title": entry.title,
        "subject": auth.subject(),
        "client": auth.client_id(),
        "issuer": auth.issuer(),
        "audience": auth.audience().collect::<Vec<_>>(),
        "scopes": auth.scopes(),
        "token_type": auth.claim("token_type"),
    }))
}

impl Journal {
    pub(crate) async fn start(issuer: &str, introspection: Introspection) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let resource = format!("http://{address}/api");
        let server = ResourceServer::builder(&resource)
            .issuer(issuer)
            .scopes_supported(["entries:write"])
            .resolver(introspection)
            .build()
            .unwrap();
        let calls = Calls::default();
        let app = Router::new()
            .route("/api/entries", post(create_entry))
            .merge(server.metadata_routes())
            .with_state(App { server, calls: calls.clone() });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            resource,
            metadata_url: format!("http://{address}/.well-known/oauth-protected-resource/api"),
            calls,
            http: reqwest::Client::new(),
        }
    }

    /// Creates an entry.
    pub(crate) async fn create(&self, token: &str) -> Response {
        self.post(Some(token), r#"{"title":"first"}"#).await
    }

    /// Sends a request with a malformed body to create an entry: a guard rejects it without reading the body (R-A8),
    /// and the handler does not run.
    pub(crate) async fn rejection(&self, token: Option<&str>) -> Response {
        let before = self.calls();
        let response = self.post(token, "{").await;
        assert_eq!(self.calls(), before, "the handler ran");
        response
    }

    /// The expected response of the guard: these headers and no others, and this body.
    pub(crate) fn rejected(status: u16, header: Option<(&str, &str)>, body: &str) -> Response {
        let length = body.len().to_string();
        let fixed = [
            ("cache-control", "no-store"), // R-B6
            ("content-length", &length),
            ("content-type", "application/json"),
        ];
        let headers = fixed.into_iter().chain(header);
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Response { status, headers, body: body.to_owned() }
    }

    fn calls(&self) -> usize {
        self.calls.0.load(Ordering::Relaxed)
    }

    async fn post(&self, token: Option<&str>, body: &'static str) -> Response {
        let mut request = self.http.post(format!("{}/entries", self.resource)).body(body);
        request = request.header("content-type", "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = value.to_str().unwrap();
            if name == "www-authenticate" && value.starts_with(DPOP_CHALLENGE) {
                assert_eq!(response.status(), 401, "only a 401 can be answered with either scheme");
                continue;
            }
            let twice = headers.insert(name.to_string(), value.to_owned());
            assert_eq!(twice, None, "`{name}` occurs twice");
        }
        headers.remove("date");
        Response {
            status: response.status().as_u16(),
            headers,
            body: response.text().await.unwrap(),
        }
    }
}
