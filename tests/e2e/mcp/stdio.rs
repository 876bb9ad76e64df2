//! R-I9: on stdio, the caller is the user that has started the server. R-I7: without its layer, a guarded server
//! rejects every call.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fixtures::http_server::serve;
use requires_auth::mcp::{Mcp, StdioError};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AccessToken, Claims, Condition, ResolveError, Resolver, ResourceServer, TokenError,
    UnavailableError,
};
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::model::{
    CallToolResult, ContentBlock, ServerCapabilities, ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::SubscriptionContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::resources::Library;
use super::test_server::{
    MODES, RESOURCE, TestServer, guarded, message, meta, post, reply, resource_server,
};

/// A client on the standard streams of a server.
pub struct StdioClient {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
}

impl StdioClient {
    pub async fn to(handler: impl ServerHandler) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(ours);
        tokio::spawn(async move { handler.serve(theirs).await.unwrap().waiting().await });
        let mut client = Self { lines: BufReader::new(reader).lines(), writer };
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        client.request("initialize", params).await;
        client.send(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        client
    }

    /// Without a session, as of revision 2026-07-28.
    fn modern(handler: impl ServerHandler) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(ours);
        tokio::spawn(async move { handler.serve(theirs).await.unwrap().waiting().await });
        Self { lines: BufReader::new(reader).lines(), writer }
    }

    async fn send(&mut self, message: Value) {
        self.writer.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        self.send(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).await;
        self.next().await
    }

    async fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next_line().await.unwrap().unwrap()).unwrap()
    }

    async fn call(&mut self, tool: &str) -> Value {
        self.request("tools/call", json!({ "name": tool, "arguments": { "text": "x" } })).await
    }
}

fn error_of(response: &Value) -> (&Value, &Value, &Value) {
    let error = &response["error"];
    (&error["code"], &error["data"]["error"], &error["data"]["scope"])
}

#[tokio::test]
async fn a_malformed_resource_request_is_not_passed_to_the_handler() {
    // R-I16: there is no layer that checks the method.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let token = authorization_server.mint().subject("alice").audience(RESOURCE).issue();
    let server = resource_server(&authorization_server);
    let mcp = Mcp::builder(&server, || Ok(Library));
    let mcp = mcp.resource("skill://{+path}", Condition::Scope("skills:read")).build().unwrap();
    let mut client = StdioClient::to(mcp.with_token(token).await.unwrap()).await;
    for (method, unreadable) in
        [("resources/read", "requestState"), ("resources/directory/read", "cursor")]
    {
        let mut params = json!({ "uri": "skill://a/SKILL.md" });
        let rejected = client.request(method, params.clone()).await;
        assert_eq!(error_of(&rejected).2, "skills:read", "{method}");
        params[unreadable] = 5.into();
        let unread = client.request(method, params).await;
        assert_eq!(unread["error"], json!({ "code": -32601, "message": method }), "{method}");
    }
    let own = client.request("own/method", json!({ "cursor": 5 })).await;
    assert_eq!(own["result"]["custom"], "own/method");
}

#[tokio::test]
async fn the_same_tools_work_on_stdio() {
    // R-I9
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE).scopes("read");
    let token = mint.issue();
    let mcp =
        guarded(&resource_server(&authorization_server), TestServer::default()).filter_lists();
    let mut client =
        StdioClient::to(mcp.build().unwrap().with_token(token.clone()).await.unwrap()).await;
    assert_eq!(client.call("read").await["result"]["content"][0]["text"], "alice may: x");
    let rejected = client.call("write").await;
    assert_eq!(
        error_of(&rejected),
        (&json!(-32010), &json!("insufficient_scope"), &json!("write"))
    );
    for (method, params, scope) in [
        ("resources/read", json!({ "uri": "desk://papers" }), "papers:read"),
        ("resources/read", json!({ "uri": "desk://notes" }), "notes:read"),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/prompt", "name": "compose" },
                "argument": { "name": "text", "value": "a" },
            }),
            "read papers:read",
        ),
        ("resources/subscribe", json!({ "uri": "desk://papers" }), "papers:read"),
        ("prompts/get", json!({ "name": "compose" }), "read papers:read"),
    ] {
        let rejected = client.request(method, params).await;
        assert_eq!(
            error_of(&rejected),
            (&json!(-32010), &json!("insufficient_scope"), &json!(scope)),
            "{method}"
        );
    }
    let listed = client.request("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().all(|tool| tool["name"] != "write"), "{listed}");

    // R-A9: a token that was valid at the start can become invalid.
    authorization_server.revoke(&token);
    let rejected = client.call("read").await;
    assert_eq!(error_of(&rejected).1, "invalid_token");
    let rejected = client.request("tools/list", json!({})).await;
    assert_eq!(error_of(&rejected).1, "invalid_token");
}

/// What a cache in front of the authorization server has of the one token there is.
#[derive(Debug, Clone, Copy)]
enum TokenState {
    Active(&'static str),
    Inactive,
    Outage,
}

/// A resolver whose result the test sets.
#[derive(Debug, Clone)]
struct Resolved {
    state: Arc<Mutex<TokenState>>,
    /// Notified of each lookup of the claims during a stream.
    looked_at: Arc<Notify>,
}

impl Resolved {
    fn set(&self, state: TokenState) {
        *self.state.lock().unwrap() = state;
    }

    /// Waits for a new lookup of the claims: of two notifications the first may be older.
    async fn rechecked(&self) {
        self.looked_at.notified().await;
        self.looked_at.notified().await;
    }

    fn claims(&self) -> Result<Claims, ResolveError> {
        match *self.state.lock().unwrap() {
            TokenState::Active(claims) => Claims::from_introspection(claims.as_bytes()),
            TokenState::Inactive => Err(ResolveError::InvalidToken(TokenError::Inactive)),
            TokenState::Outage => Err(UnavailableError::new("down").into()),
        }
    }
}

impl Resolver for Resolved {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        self.claims()
    }

    fn cached(&self, _: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        self.looked_at.notify_one();
        Some(self.claims())
    }

    fn cache_namespace(&self) -> String {
        "claims of the test".to_owned()
    }
}

/// A handler whose subscriptions the test ends.
#[derive(Clone, Default)]
struct Subscriptions {
    started: Arc<Notify>,
    end: Arc<Notify>,
}

impl ServerHandler for Subscriptions {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_resources();
        ServerConfig::new(capabilities.enable_resources_subscribe().build())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, _: SubscriptionContext) -> Result<(), ErrorData> {
        self.started.notify_one();
        self.end.notified().await;
        Ok(())
    }
}

const SKILLS: &str =
    r#"{"active":true,"sub":"alice","scope":"skills:read","aud":"https://api.example/v1"}"#;
const NO_SKILLS: &str =
    r#"{"active":true,"sub":"alice","scope":"other","aud":"https://api.example/v1"}"#;

/// A subscription that has started, with its acknowledgement read.
async fn subscribed() -> (Resolved, Subscriptions, StdioClient) {
    let state = Arc::new(Mutex::new(TokenState::Active(SKILLS)));
    let resolved = Resolved { state, looked_at: Arc::default() };
    let server = ResourceServer::builder(RESOURCE)
        .authorization_servers(["https://as.example"])
        .resolver(resolved.clone())
        .build()
        .unwrap();
    let handler = Subscriptions::default();
    let subscriptions = handler.clone();
    let mcp = Mcp::builder(&server, move || Ok(handler.clone()))
        .resource("skill://{name}/SKILL.md", Condition::Scope("skills:read"))
        .build()
        .unwrap();
    let mut client = StdioClient::modern(mcp.with_token("token".to_owned()).await.unwrap());
    let params = json!({
        "notifications": { "resourceSubscriptions": ["skill://a/SKILL.md"] },
        "_meta": meta(MODES[0]),
    });
    let acknowledged = client.request("subscriptions/listen", params).await;
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    // From here on, the stream ends; before, its start would be rejected.
    subscriptions.started.notified().await;
    (resolved, subscriptions, client)
}

/// Longer than a stream takes to end on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_subscription_on_stdio_ends_with_its_token() {
    // R-I15
    for (state, code, error, scope) in [
        (TokenState::Inactive, -32010, "invalid_token", Value::Null),
        (TokenState::Active(NO_SKILLS), -32010, "insufficient_scope", json!("skills:read")),
    ] {
        let ended = timeout(TIMEOUT, async {
            let (resolved, _subscriptions, mut client) = subscribed().await;
            resolved.set(state);
            client.next().await
        });
        let ended = ended.await.expect("it ends");
        assert_eq!(ended["id"], 1, "{state:?}: {ended}");
        assert_eq!(error_of(&ended), (&json!(code), &json!(error), &scope), "{state:?}");
    }
}

#[tokio::test]
async fn a_subscription_on_stdio_is_paused_while_its_token_cannot_be_checked() {
    // R-I15: no event of the handler is sent before the token has been checked.
    for (state, error) in
        [(TokenState::Inactive, json!("invalid_token")), (TokenState::Active(SKILLS), Value::Null)]
    {
        let ended = timeout(TIMEOUT, async {
            let (resolved, subscriptions, mut client) = subscribed().await;
            resolved.set(TokenState::Outage);
            resolved.rechecked().await;
            subscriptions.end.notify_one();
            resolved.rechecked().await;
            resolved.set(state);
            client.next().await
        });
        let ended = ended.await.expect("it ends");
        assert_eq!(ended["id"], 1, "{state:?}: {ended}");
        assert_eq!(error_of(&ended).1, &error, "{state:?}: {ended}");
        assert_eq!(ended["result"].is_object(), error.is_null(), "{state:?}: {ended}");
    }
}

#[tokio::test]
async fn a_request_on_stdio_names_a_bounded_number_of_resources() {
    // R-I13
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = Mcp::builder(&server, || Ok(Library)).max_resources(2).build().unwrap();
    let token = authorization_server.mint().subject("alice").audience(RESOURCE).issue();
    let mut client = StdioClient::modern(mcp.with_token(token).await.unwrap());
    let params = json!({
        "notifications": { "resourceSubscriptions": ["a:a", "a:b", "a:c"] },
        "_meta": meta(MODES[0]),
    });
    let rejected = timeout(TIMEOUT, async {
        let first = client.request("subscriptions/listen", params).await;
        if !first["method"].is_string() {
            return first;
        }
        // The SDK compares each resource that is accepted with each that was requested.
        assert!(!first.to_string().contains("a:a"), "{first}");
        client.next().await
    });
    let rejected = rejected.await.expect("it is rejected");
    assert_eq!(rejected["error"]["code"], -32602, "{rejected}");
    assert_eq!(
        rejected["error"]["message"],
        "the request names more resources than this server accepts in one"
    );
}

#[tokio::test]
async fn a_manual_route_is_authorized_on_stdio_by_its_declared_policy() {
    // R-I9, R-I17: no function guards it, and there is no layer.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    // What the attribute has written for a tool with the scope `write`.
    let declared = TestServer::tool_router().map["write"].attr.meta.clone().unwrap();
    let tool = Tool::new("by_hand", "By hand", Arc::default()).with_meta(declared);
    let router = ToolRouter::new().with_route(ToolRoute::new_dyn(tool, |_| {
        Box::pin(async { Ok(CallToolResult::success(vec![ContentBlock::text("ran")]).into()) })
    }));
    let server = resource_server(&authorization_server);
    let mcp = guarded(&server, TestServer::default()).tool_router(router).build().unwrap();
    for (scopes, runs) in [("read", false), ("write", true)] {
        let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
        let token = mint.scopes(scopes).issue();
        let mut client = StdioClient::to(mcp.with_token(token).await.unwrap()).await;
        let response = client.call("by_hand").await;
        if runs {
            assert_eq!(response["result"]["content"][0]["text"], "ran");
        } else {
            assert_eq!(
                error_of(&response),
                (&json!(-32010), &json!("insufficient_scope"), &json!("write"))
            );
        }
    }
}

#[tokio::test]
async fn a_server_on_stdio_does_not_start_without_a_valid_token() {
    // R-I9
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let mcp =
        guarded(&resource_server(&authorization_server), TestServer::default()).build().unwrap();
    let missing = mcp.stdio("REQUIRES_AUTH_TEST_THAT_NOBODY_SETS").await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the environment variable `REQUIRES_AUTH_TEST_THAT_NOBODY_SETS` is not set to an access \
         token"
    );
    let elsewhere = authorization_server.mint().audience("https://elsewhere.example").issue();
    for token in ["nobody-knows-it", "", "two words", "new\nline", elsewhere.as_str()] {
        let rejected = mcp.with_token(token.to_owned()).await.unwrap_err();
        let StdioError::Rejected(rejection) = rejected else { panic!("{rejected:?}") };
        assert_eq!(rejection.status(), 401, "{token}");
    }
}

#[tokio::test]
async fn the_token_of_the_environment_is_not_that_of_a_caller_over_http() {
    // R-I7, R-A9: a handler for stdio behind the SDK's HTTP service, without the layer.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let token = authorization_server.mint().audience(RESOURCE).scopes("read").issue();
    let mcp =
        guarded(&resource_server(&authorization_server), TestServer::default()).build().unwrap();
    let handler = Arc::new(mcp.with_token(token).await.unwrap());
    let service = StreamableHttpService::new(
        move || Ok(Arc::clone(&handler)),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let address = serve(axum::Router::new().route_service("/v1", service)).await;
    let params = json!({ "name": "any_token", "arguments": {}, "_meta": meta(MODES[0]) });
    let request = post()
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "any_token")
        .json(&message("tools/call", &params));
    let response = reply(&request.send(address).await);
    assert_eq!(response["error"]["code"], -32603, "{response}");
}

#[tokio::test]
async fn a_guarded_function_without_the_layer_rejects_every_call() {
    // R-I7: as if the program had served the handler itself.
    let mut client = StdioClient::to(TestServer::default()).await;
    for (method, params) in [
        ("tools/call", json!({ "name": "any_token" })),
        ("tools/call", json!({ "name": "silent" })),
        ("tools/call", json!({ "name": "optional" })),
        ("prompts/get", json!({ "name": "compose", "arguments": { "text": "x" } })),
        ("resources/read", json!({ "uri": "desk://papers" })),
    ] {
        let response = client.request(method, params).await;
        assert_eq!(response["error"]["code"], -32603, "{response}");
        let message = response["error"]["message"].as_str().unwrap();
        assert!(message.contains("`requires_auth::mcp::Mcp`"), "{message}");
    }
}
