//! An event stream can be resumed only by the caller that started it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use fixtures::http_server::serve;
use fixtures::raw_http::{Request, Response};
use requires_auth::mcp::{Mcp, McpBuilder};
use requires_auth::requires_auth;
use requires_auth::testing::{AuthorizationServer, Mint};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::{
    EventId, EventStore, EventStoreError, EventStream, ServerSseMessage,
};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde_json::json;

use super::test_server::{
    MODES, Mode, RESOURCE, TestServer, guarded, message, meta, post, resource_server,
};

/// Numbers its events, so that their ids can be guessed.
#[derive(Default)]
struct SequentialEventStore(Mutex<Vec<(String, ServerSseMessage)>>);

#[async_trait::async_trait]
impl EventStore for SequentialEventStore {
    async fn store_event(
        &self,
        stream_id: &str,
        event: &ServerSseMessage,
    ) -> Result<EventId, EventStoreError> {
        let mut events = self.0.lock().unwrap();
        events.push((stream_id.to_owned(), event.clone()));
        Ok(events.len().to_string())
    }

    async fn replay_events_after(&self, last: &str) -> Result<EventStream, EventStoreError> {
        let last: usize = last.parse()?;
        let events = self.0.lock().unwrap();
        let (stream, _) = events.get(last.wrapping_sub(1)).ok_or("there is no such event")?;
        let events = events.iter().enumerate().skip(last);
        let later = events.filter(|(_, (of, _))| of == stream).map(|(at, (_, event))| {
            let mut event = event.clone();
            event.event_id = Some((at + 1).to_string());
            event
        });
        Ok(Box::pin(tokio_stream::iter(later.collect::<Vec<_>>())))
    }
}

/// Counts from 0, as the SDK does without an event store.
#[derive(Default)]
struct ZeroBasedEventStore(SequentialEventStore);

#[async_trait::async_trait]
impl EventStore for ZeroBasedEventStore {
    async fn store_event(
        &self,
        stream_id: &str,
        event: &ServerSseMessage,
    ) -> Result<EventId, EventStoreError> {
        let id: usize = self.0.store_event(stream_id, event).await?.parse()?;
        Ok((id - 1).to_string())
    }

    async fn replay_events_after(&self, last: &str) -> Result<EventStream, EventStoreError> {
        let last: usize = last.parse()?;
        self.0.replay_events_after(&(last + 1).to_string()).await
    }
}

struct Resumable {
    address: SocketAddr,
    authorization_server: AuthorizationServer,
    mode: Mode,
    events: Arc<SequentialEventStore>,
}

/// With and without sessions, in both lifecycles.
const STREAMS: [Mode; 4] = [MODES[0], Mode { sessions: false, ..MODES[0] }, MODES[2], MODES[4]];

impl Resumable {
    async fn start(
        mode: Mode,
        settings: impl FnOnce(McpBuilder<TestServer>) -> McpBuilder<TestServer>,
    ) -> Self {
        let events = Arc::new(SequentialEventStore::default());
        Self { events: events.clone(), ..Self::with(mode, events, settings).await }
    }

    async fn with(
        mode: Mode,
        store: Arc<dyn EventStore>,
        settings: impl FnOnce(McpBuilder<TestServer>) -> McpBuilder<TestServer>,
    ) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = resource_server(&authorization_server);
        let mcp = settings(guarded(&server, TestServer::default())).build().unwrap();
        Self::of(mode, store, authorization_server, &mcp).await
    }

    async fn of<H: ServerHandler>(
        mode: Mode,
        store: Arc<dyn EventStore>,
        authorization_server: AuthorizationServer,
        mcp: &Mcp<H>,
    ) -> Self {
        let mut sessions = LocalSessionManager::default().with_event_store(store);
        sessions.session_config.sse_retry = Some(std::time::Duration::from_secs(3));
        let mut config = StreamableHttpServerConfig::default();
        config.legacy_session_mode = mode.sessions;
        config.sse_retry = Some(std::time::Duration::from_secs(3));
        let address = serve(mcp.routes(Arc::new(sessions), config)).await;
        Self { address, authorization_server, mode, events: Arc::default() }
    }

    fn token(&self, subject: &str, scopes: &str) -> String {
        self.mint(subject, scopes).issue()
    }

    fn mint(&self, subject: &str, scopes: &str) -> Mint<'_> {
        let mint = self.authorization_server.mint();
        mint.subject(subject).audience(RESOURCE).scopes(scopes)
    }

    async fn initialize(&self, token: Option<&str>) -> Response {
        let params = json!({
            "protocolVersion": self.mode.revision,
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let request = with_token(post().json(&message("initialize", &params)), token);
        request.send(self.address).await
    }

    async fn session(&self, token: Option<&str>) -> Option<String> {
        if !self.mode.has_sessions() {
            return None;
        }
        let response = self.initialize(token).await;
        let id = response.header("mcp-session-id").expect("a session").to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let request = post()
            .header("mcp-protocol-version", self.mode.revision)
            .header("mcp-session-id", &id)
            .json(&initialized.to_string());
        assert_eq!(with_token(request, token).send(self.address).await.status, 202);
        Some(id)
    }

    async fn call(&self, token: Option<&str>, session: Option<&str>, tool: &str) -> Response {
        let mut params = json!({ "name": tool, "arguments": { "text": "secret" } });
        let mut request = post().header("mcp-protocol-version", self.mode.revision);
        if self.mode.is_modern() {
            params["_meta"] = meta(self.mode);
            request = request.header("mcp-method", "tools/call").header("mcp-name", tool);
        }
        if let Some(session) = session {
            request = request.header("mcp-session-id", session);
        }
        let request = request.json(&message("tools/call", &params));
        with_token(request, token).send(self.address).await
    }

    fn resume(&self, method: &str, session: Option<&str>, last: &str) -> Request {
        let request = Request::new_to("127.0.0.1", method, "/v1")
            .header("accept", "text/event-stream")
            .header("mcp-protocol-version", self.mode.revision)
            .header("last-event-id", last);
        match session {
            Some(session) => request.header("mcp-session-id", session),
            None => request,
        }
    }

    async fn send(&self, request: Request) -> Response {
        request.send(self.address).await
    }
}

fn with_token(request: Request, token: Option<&str>) -> Request {
    match token {
        Some(token) => request.bearer(token),
        None => request,
    }
}

/// The ids of the events of a response.
fn ids(response: &Response) -> Vec<&str> {
    assert_eq!(response.status, 200, "{response:?}");
    response.body.lines().filter_map(|line| line.strip_prefix("id: ")).collect()
}

#[track_caller]
fn assert_unknown(response: &Response) {
    assert_eq!(
        (response.status, response.body.as_str()),
        (
            404,
            r#"{"error":{"code":-32600,"message":"there is no such event to resume a stream from"},"id":null,"jsonrpc":"2.0"}"#
        )
    );
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("www-authenticate"), None);
}

#[tokio::test]
async fn only_the_caller_of_a_stream_can_resume_it() {
    // R-I12
    for mode in STREAMS {
        let server = Resumable::start(mode, |mcp| mcp).await;
        let (alice, bob) = (server.token("alice", "read"), server.token("bob", "read"));
        let session = server.session(Some(&alice)).await;
        let called = server.call(Some(&alice), session.as_deref(), "read").await;
        let sealed = ids(&called);
        assert!(sealed.len() > 1, "{called:?}");
        assert!(sealed.iter().all(|id| id.len() > 40), "{sealed:?}");

        let own = server.resume("GET", session.as_deref(), sealed[0]).bearer(&alice);
        let resumed = server.send(own).await;
        assert!(resumed.body.contains("alice may: secret"), "{mode:?} {resumed:?}");
        assert_eq!(ids(&resumed), sealed[1..], "the same ids as before, {mode:?}");
        let another_token = server.token("alice", "read other");
        let own = server.resume("GET", session.as_deref(), sealed[0]).bearer(&another_token);
        assert!(server.send(own).await.body.contains("alice may: secret"));

        let bobs = server.session(Some(&bob)).await;
        let stored = server.events.0.lock().unwrap().len();
        let guesses = (0..=stored + 1).map(|id| id.to_string());
        let ids: Vec<String> = sealed.iter().map(|&id| id.to_owned()).chain(guesses).collect();
        for id in &ids {
            for method in ["GET", "POST", "DELETE", "PUT"] {
                let request = server.resume(method, bobs.as_deref(), id);
                assert_unknown(&server.send(request.bearer(&bob)).await);
            }
            let poor = server.token("carol", "");
            let request = server.resume("GET", None, id).bearer(&poor);
            assert_unknown(&server.send(request).await);
            let nobody = server.send(server.resume("GET", session.as_deref(), id)).await;
            assert_eq!(nobody.status, 401, "{nobody:?}");
        }
    }
}

#[tokio::test]
async fn a_forged_event_id_is_rejected() {
    // R-I12
    for mode in STREAMS {
        let server = Resumable::start(mode, |mcp| mcp).await;
        let alice = server.token("alice", "read");
        let session = server.session(Some(&alice)).await;
        let called = server.call(Some(&alice), session.as_deref(), "read").await;
        let id = ids(&called)[0];
        let (inner, code) = id.split_once('.').unwrap();
        let session_id = session.clone().unwrap_or_default();
        for forged in [
            inner,
            "",
            "0",
            &id.to_uppercase(),
            &format!("{inner}."),
            &format!("{inner}.."),
            &format!("2.{code}"),
            &format!("{id}="),
            &format!("{id}."),
            &format!(".{id}"),
            &session_id,
        ] {
            let request = server.resume("GET", session.as_deref(), forged).bearer(&alice);
            assert_unknown(&server.send(request).await);
        }
        let twice = server.resume("GET", session.as_deref(), id).header("last-event-id", id);
        assert_unknown(&server.send(twice.bearer(&alice)).await);
        if let Some(session) = &session {
            let another = server.session(Some(&alice)).await.unwrap();
            let request = server.resume("GET", Some(&another), id).bearer(&alice);
            assert_unknown(&server.send(request).await);
            let request = server.resume("GET", None, id).bearer(&alice);
            assert_unknown(&server.send(request).await);
            let request = server.resume("GET", Some(id), id).bearer(&alice);
            let response = server.send(request).await;
            assert!(response.body.contains("there is no such session"), "{response:?}");
            let request = server.resume("GET", Some(session), session).bearer(&alice);
            assert_unknown(&server.send(request).await);
        }
    }
}

#[tokio::test]
async fn the_response_that_starts_a_session_has_no_event_id() {
    // R-I12: the SDK generates this id, and the event store may have used it for another caller.
    let mode = MODES[4];
    let server = Resumable::with(mode, Arc::new(ZeroBasedEventStore::default()), |mcp| mcp).await;
    let (alice, bob) = (server.token("alice", "read"), server.token("bob", "read"));
    let session = server.session(Some(&alice)).await;
    let called = server.call(Some(&alice), session.as_deref(), "read").await;
    let sealed = ids(&called);
    assert!(sealed[0].starts_with("0."), "{called:?}");
    assert!(called.body.contains("alice may: secret"), "{called:?}");

    let started = server.initialize(Some(&bob)).await;
    let bobs = started.header("mcp-session-id").unwrap();
    for id in ids(&started) {
        let resumed = server.send(server.resume("GET", Some(bobs), id).bearer(&bob)).await;
        assert!(!resumed.body.contains("secret"), "{resumed:?}");
    }
    assert_eq!(ids(&started).len(), 0, "{started:?}");
    assert!(started.body.contains("retry: 3000"), "{started:?}");
    assert!(started.body.contains(r#""protocolVersion""#), "{started:?}");

    let own = server.resume("GET", session.as_deref(), sealed[0]).bearer(&alice);
    assert!(server.send(own).await.body.contains("alice may: secret"));
}

#[tokio::test]
async fn a_stream_is_resumed_only_with_the_scopes_that_started_it() {
    // R-I12, R-I15: a token cannot replay what it may no longer call.
    for mode in STREAMS {
        let server = Resumable::start(mode, |mcp| mcp).await;
        let rich = server.token("alice", "read write");
        let poor = server.token("alice", "read");
        let session = server.session(Some(&rich)).await;
        let called = server.call(Some(&rich), session.as_deref(), "write").await;
        let id = ids(&called)[0];
        let resume = |token: &str| server.resume("GET", session.as_deref(), id).bearer(token);
        assert!(server.send(resume(&rich)).await.body.contains("alice may: secret"));
        assert_unknown(&server.send(resume(&poor)).await);
    }
}

#[derive(Clone)]
struct Bank;

#[tool_router]
impl Bank {
    #[requires_auth(scopes = "read", acr_values = "phr", max_age = 60)]
    #[tool]
    async fn transfer(&self) -> String {
        "secret transfer".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for Bank {}

#[tokio::test]
async fn a_stream_is_resumed_only_with_a_login_of_the_class_that_started_it() {
    // R-H3, R-I15
    for mode in STREAMS {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = resource_server(&authorization_server);
        let mcp = Mcp::builder(&server, || Ok(Bank)).declare_tools(&Bank::tool_router());
        let mcp = mcp.build().unwrap();
        let events = Arc::new(SequentialEventStore::default());
        let server = Resumable::of(mode, events, authorization_server, &mcp).await;
        let now = SystemTime::now();
        let strong = |ago| {
            let auth_time = now - Duration::from_secs(ago);
            server.mint("alice", "read").acr("phr").auth_time(auth_time).issue()
        };
        let token = strong(1);
        let session = server.session(Some(&token)).await;
        let called = server.call(Some(&token), session.as_deref(), "transfer").await;
        let id = ids(&called)[0];
        let resume = |token: &str| server.resume("GET", session.as_deref(), id).bearer(token);
        // The age of a login is decided when an operation begins, and this one has begun.
        for token in [token, strong(3600)] {
            assert!(server.send(resume(&token)).await.body.contains("secret transfer"), "{mode:?}");
        }
        for mint in [server.mint("alice", "read"), server.mint("alice", "read write").acr("pwd")] {
            assert_unknown(&server.send(resume(&mint.issue())).await);
        }
    }
}

#[tokio::test]
async fn anonymous_callers_resume_only_within_a_session() {
    // R-I12: without a session, nothing distinguishes them.
    for mode in STREAMS {
        let server = Resumable::start(mode, McpBuilder::allow_anonymous).await;
        let alice = server.token("alice", "read");
        let session = server.session(None).await;
        let called = server.call(None, session.as_deref(), "open").await;
        assert!(called.body.contains("anybody may"), "{called:?}");
        let ids = ids(&called);
        let stored = server.events.0.lock().unwrap().len();
        for id in (0..=stored + 1).map(|id| id.to_string()) {
            assert_unknown(&server.send(server.resume("GET", session.as_deref(), &id)).await);
            assert_unknown(&server.send(server.resume("GET", None, &id)).await);
            let request = server.resume("GET", None, &id).bearer(&alice);
            assert_unknown(&server.send(request).await);
        }
        if session.is_none() {
            assert_eq!(ids.len(), 0, "{called:?}");
            assert!(called.body.contains(":\n"), "the lines of the ids are comments");
        } else {
            let own = server.send(server.resume("GET", session.as_deref(), ids[0])).await;
            assert!(own.body.contains("anybody may"), "{own:?}");
            let another = server.session(None).await;
            let other = server.resume("GET", another.as_deref(), ids[0]);
            assert_unknown(&server.send(other).await);
            assert_unknown(&server.send(server.resume("GET", None, ids[0])).await);
        }
    }
}

#[tokio::test]
async fn the_streams_of_a_session_without_an_event_store_are_resumed_too() {
    // R-I12: without an event store, the ids count from 0 in each session.
    let mcp_server = super::test_server::RunningServer::start(MODES[4]).await;
    let (alice, bob) = (mcp_server.token_of("alice", "read"), mcp_server.token_of("bob", "read"));
    let (alices, bobs) =
        (mcp_server.session(&alice).await.unwrap(), mcp_server.session(&bob).await.unwrap());
    let call = |session: &str| {
        let params = json!({ "name": "read", "arguments": { "text": "secret" } });
        mcp_server.request("tools/call", params).header("mcp-session-id", session)
    };
    let called = call(&alices).bearer(&alice).send(mcp_server.address).await;
    call(&bobs).bearer(&bob).send(mcp_server.address).await;
    let id = ids(&called)[0].to_owned();
    let resume = |session: &str, id: &str| {
        Request::new_to("127.0.0.1", "GET", "/v1")
            .header("accept", "text/event-stream")
            .header("mcp-session-id", session)
            .header("last-event-id", id)
    };
    let (raw, _) = id.split_once('.').unwrap();
    for id in [id.as_str(), raw, "0/0", "0/1"] {
        assert_unknown(&resume(&bobs, id).bearer(&bob).send(mcp_server.address).await);
    }
    let resumed = resume(&alices, &id).bearer(&alice).send(mcp_server.address).await;
    assert_eq!(resumed.status, 200, "{resumed:?}");
}
