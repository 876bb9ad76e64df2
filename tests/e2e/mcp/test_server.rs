//! The MCP server under test, and the requests of its clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixtures::http_server::serve;
use fixtures::raw_http::{Request, Response};
use requires_auth::mcp::{Mcp, McpBuilder, authorize};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AuthInfo, Cached, Condition, Introspection, Rejection, ResourceServer, requires_auth,
};
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ListResourcesResult, NumberOrString,
    PaginatedRequestParams, ProgressNotificationParam, ProgressToken, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents, Role,
    ServerCapabilities, ServerConfig, SubscribeRequestParams,
};
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, prompt, prompt_handler, prompt_router, tool,
    tool_handler, tool_router,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The resource identifier, the audience of each token. It is not the address of the server.
pub const RESOURCE: &str = "https://api.example/v1";

/// The condition and the URI template of the `desk://papers` resources.
const PAPERS: Condition = Condition::Scope("papers:read");
const PAPER: &str = "desk://papers/{id}";

/// A handler with a tool for each form of the attribute. It counts its calls.
#[derive(Debug, Clone, Default)]
pub struct TestServer {
    runs: Arc<AtomicUsize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct Text {
    text: String,
}

#[tool_router(vis = "pub")]
impl TestServer {
    /// Needs a valid token
    #[requires_auth]
    #[tool]
    async fn any_token(&self, auth: AuthInfo) -> String {
        self.ran(Some(&auth))
    }

    /// Needs a scope; the caller comes after the arguments
    #[requires_auth(scopes = "read")]
    #[tool]
    async fn read(&self, Parameters(Text { text }): Parameters<Text>, auth: AuthInfo) -> String {
        format!("{}: {text}", self.ran(Some(&auth)))
    }

    /// Not asynchronous
    #[requires_auth(scopes = "write")]
    #[tool]
    fn write(&self, auth: AuthInfo, Parameters(Text { text }): Parameters<Text>) -> String {
        format!("{}: {text}", self.ran(Some(&auth)))
    }

    /// Guarded without an argument
    #[requires_auth(scopes = ["read", "write"])]
    #[tool]
    async fn silent(&self) -> Result<String, ErrorData> {
        Ok(self.ran(None))
    }

    /// One of several
    #[requires_auth(scopes = any("admin", all("read", "write")))]
    #[tool(name = "a choice")]
    async fn choice(&self, auth: AuthInfo) -> String {
        self.ran(Some(&auth))
    }

    /// Without the server
    #[requires_auth(scopes = "write")]
    #[tool]
    async fn detached(auth: AuthInfo) -> String {
        auth.subject().unwrap_or("nobody").to_owned()
    }

    /// For everybody
    #[requires_auth(scopes = "read", optional)]
    #[tool]
    async fn optional(&self, auth: Option<AuthInfo>) -> String {
        self.ran(auth.as_ref())
    }

    /// Not guarded
    #[tool]
    async fn open(&self) -> String {
        self.ran(None)
    }

    /// Shows what a log of the request would show
    #[requires_auth]
    #[tool]
    async fn logged(&self, Extension(head): Extension<http::request::Parts>) -> String {
        format!("{head:?}")
    }

    /// Needs more, depending on the arguments
    #[requires_auth(scopes = "read")]
    #[tool]
    async fn further(
        &self,
        auth: AuthInfo,
        Parameters(Text { text }): Parameters<Text>,
    ) -> Result<String, Rejection> {
        auth.require(&text)?;
        Ok(self.ran(Some(&auth)))
    }

    /// Needs more, and finds out when the answer has already begun
    #[requires_auth(scopes = "read")]
    #[tool]
    async fn late(
        &self,
        auth: AuthInfo,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let token = ProgressToken(NumberOrString::Number(7));
        let started = ProgressNotificationParam::new(token, 0.5);
        context.peer.notify_progress(started).await.expect("the client is there");
        auth.require("late")?;
        Ok(self.ran(Some(&auth)))
    }
}

#[prompt_router(vis = "pub")]
impl TestServer {
    /// Needs two scopes
    #[requires_auth(scopes = "read papers:read")]
    #[prompt]
    async fn compose(
        &self,
        auth: AuthInfo,
        Parameters(Text { text }): Parameters<Text>,
    ) -> Result<Vec<PromptMessage>, ErrorData> {
        let text = format!("{}: {text}", self.ran(Some(&auth)));
        Ok(vec![PromptMessage::new_text(Role::User, text)])
    }

    /// Needs more, depending on the arguments
    #[requires_auth]
    #[prompt]
    async fn prompt_further(
        &self,
        auth: AuthInfo,
        Parameters(Text { text }): Parameters<Text>,
    ) -> Result<Vec<PromptMessage>, ErrorData> {
        auth.require(&text)?;
        Ok(vec![PromptMessage::new_text(Role::User, self.ran(Some(&auth)))])
    }
}

impl TestServer {
    fn ran(&self, auth: Option<&AuthInfo>) -> String {
        self.runs.fetch_add(1, Ordering::SeqCst);
        auth.map_or("anybody may".to_owned(), |auth| {
            format!("{} may", auth.subject().unwrap_or("no subject"))
        })
    }
}

#[tool_handler]
#[prompt_handler]
impl ServerHandler for TestServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions();
        ServerConfig::new(capabilities.build())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::default())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if !request.uri.starts_with("desk://") {
            return Err(ErrorData::resource_not_found("there is no such resource", None));
        }
        // The drawers are not declared, so that the handler alone authorizes them. It does not authorize
        // the notes.
        let condition = match request.uri.as_str() {
            "desk://notes" => Condition::NONE,
            uri if uri.starts_with("desk://drawers/") => Condition::Scope("drawers:read"),
            _ => PAPERS,
        };
        let auth = authorize(&context, condition)?;
        let text = self.ran(Some(&auth));
        Ok(ReadResourceResult::new(vec![ResourceContents::text(text, request.uri)]).into())
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.ran(None);
        Ok(())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.ran(None);
        Ok(CompleteResult::new(CompletionInfo::default()))
    }
}

/// The guarded server with everything that it declares.
pub fn guarded(server: &ResourceServer, handler: TestServer) -> McpBuilder<TestServer> {
    Mcp::builder(server, move || Ok(handler.clone()))
        .declare_tools(&TestServer::tool_router())
        .declare_prompts(&TestServer::prompt_router())
        .resource("desk://papers", PAPERS)
        .resource(PAPER, PAPERS)
        .resource("desk://notes", Condition::Scope("notes:read"))
}

/// A protocol revision, and the transport mode of the server.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    pub revision: &'static str,
    pub sessions: bool,
    pub json: bool,
}

/// All modes of the SDK for the revisions that clients use.
pub const MODES: [Mode; 8] = [
    Mode { revision: "2026-07-28", sessions: true, json: false },
    Mode { revision: "2026-07-28", sessions: false, json: true },
    Mode { revision: "2025-11-25", sessions: false, json: false },
    Mode { revision: "2025-11-25", sessions: false, json: true },
    Mode { revision: "2025-11-25", sessions: true, json: false },
    Mode { revision: "2025-06-18", sessions: false, json: false },
    Mode { revision: "2025-06-18", sessions: false, json: true },
    Mode { revision: "2025-06-18", sessions: true, json: false },
];

/// A running server. It stops at the end of the test.
pub struct RunningServer {
    pub address: SocketAddr,
    pub authorization_server: AuthorizationServer,
    pub mode: Mode,
    handler: TestServer,
}

impl RunningServer {
    pub async fn start(mode: Mode) -> Self {
        Self::with(mode, |builder| builder).await
    }

    /// With other settings.
    pub async fn with(
        mode: Mode,
        settings: impl FnOnce(McpBuilder<TestServer>) -> McpBuilder<TestServer>,
    ) -> Self {
        let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
        let server = resource_server(&authorization_server);
        Self::with_resource_server(authorization_server, &server, mode, settings).await
    }

    /// With a cache of claims.
    pub async fn with_cache(mode: Mode) -> Self {
        let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(Cached::new(client.expect("the settings are right")))
            .build()
            .expect("the settings are right");
        Self::with_resource_server(authorization_server, &server, mode, |builder| builder).await
    }

    /// A server with this resource server.
    pub async fn with_resource_server(
        authorization_server: AuthorizationServer,
        server: &ResourceServer,
        mode: Mode,
        settings: impl FnOnce(McpBuilder<TestServer>) -> McpBuilder<TestServer>,
    ) -> Self {
        let handler = TestServer::default();
        let mcp =
            settings(guarded(server, handler.clone())).build().expect("the settings are right");
        Self { handler, ..Self::of(authorization_server, &mcp, mode).await }
    }

    /// The server of another handler.
    pub async fn of<H: ServerHandler>(
        authorization_server: AuthorizationServer,
        mcp: &Mcp<H>,
        mode: Mode,
    ) -> Self {
        let mut config = StreamableHttpServerConfig::default();
        config.legacy_session_mode = mode.sessions;
        config.json_response = mode.json;
        let app: axum::Router = mcp.routes(Arc::new(LocalSessionManager::default()), config);
        let address = serve(app).await;
        Self { address, authorization_server, mode, handler: TestServer::default() }
    }

    /// A valid token of `alice` with these scopes.
    pub fn token(&self, scopes: &str) -> String {
        self.token_of("alice", scopes)
    }

    pub fn token_of(&self, subject: &str, scopes: &str) -> String {
        let mint = self.authorization_server.mint();
        mint.subject(subject).audience(RESOURCE).scopes(scopes).issue()
    }

    /// The number of calls of the handler.
    pub fn runs(&self) -> usize {
        self.handler.runs.load(Ordering::SeqCst)
    }

    /// Sets the number of calls to 0.
    pub fn reset(&self) {
        self.handler.runs.store(0, Ordering::SeqCst);
    }

    /// Sends a request as a client of this revision does, within a session if the mode has them.
    pub async fn send(&self, token: &str, method: &str, params: Value) -> Response {
        let request = self.request(method, params).bearer(token);
        let request = match self.session(token).await {
            Some(id) => request.header("mcp-session-id", id),
            None => request,
        };
        request.send(self.address).await
    }

    pub async fn call(&self, token: &str, tool: &str, arguments: Value) -> Response {
        self.send(token, "tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// The id of a new session of this caller.
    pub async fn session(&self, token: &str) -> Option<String> {
        if !self.mode.has_sessions() {
            return None;
        }
        let response = self.initialize().bearer(token).send(self.address).await;
        assert_eq!(response.status, 200, "{response:?}");
        let id = response.header("mcp-session-id").expect("a session").to_owned();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let response = self
            .head()
            .json(&initialized.to_string())
            .bearer(token)
            .header("mcp-session-id", &id)
            .send(self.address)
            .await;
        assert_eq!(response.status, 202, "{response:?}");
        Some(id)
    }

    pub fn initialize(&self) -> Request {
        let params = json!({
            "protocolVersion": self.mode.revision,
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        post().json(&message("initialize", &params))
    }

    /// A request with the headers and the metadata of this revision.
    pub fn request(&self, method: &str, mut params: Value) -> Request {
        let mut request = self.head();
        if self.mode.is_modern() {
            request = request.header("mcp-method", method);
            let name = match method {
                "tools/call" | "prompts/get" => params["name"].as_str(),
                "resources/read" => params["uri"].as_str(),
                _ => None,
            };
            if let Some(name) = name {
                request = request.header("mcp-name", name);
            }
            params["_meta"] = meta(self.mode);
        }
        request.json(&message(method, &params))
    }

    pub fn head(&self) -> Request {
        post().header("mcp-protocol-version", self.mode.revision)
    }

    /// Sends a request in a session of its own. Its event stream can be resumed with this token, and not with `other`, a
    /// token of the same caller.
    pub async fn assert_resumed_only_with(
        &self,
        token: &str,
        other: &str,
        method: &str,
        params: Value,
    ) -> Response {
        let session = self.session(token).await.expect("a session");
        let request = self.request(method, params).header("mcp-session-id", &session);
        let response = request.bearer(token).send(self.address).await;
        let id = response.body.lines().find_map(|line| line.strip_prefix("id: "));
        let resume = Request::new_to("127.0.0.1", "GET", "/v1")
            .header("accept", "text/event-stream")
            .header("mcp-session-id", &session)
            .header("last-event-id", id.expect("an id"));
        let refused = resume.clone().bearer(other).send(self.address).await;
        assert_eq!(refused.status, 404, "{:?}", self.mode);
        let resumed = resume.bearer(token).send(self.address).await;
        assert_eq!(resumed.status, 200, "{:?}", self.mode);
        response
    }
}

impl Mode {
    pub fn is_modern(self) -> bool {
        self.revision >= "2026-07-28"
    }

    pub fn has_sessions(self) -> bool {
        self.sessions && !self.is_modern()
    }
}

/// Serves an MCP server with sessions, in the default configuration of the SDK.
pub async fn serve_mcp<H: ServerHandler>(mcp: &Mcp<H>) -> SocketAddr {
    let sessions = Arc::new(LocalSessionManager::default());
    serve(mcp.routes(sessions, StreamableHttpServerConfig::default())).await
}

pub fn resource_server(authorization_server: &AuthorizationServer) -> ResourceServer {
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.expect("the settings are right"));
    server.build().expect("the settings are right")
}

pub fn post() -> Request {
    Request::new_to("127.0.0.1", "POST", "/v1")
        .header("accept", "application/json, text/event-stream")
}

/// The metadata that each request carries from revision 2026-07-28 on.
pub fn meta(mode: Mode) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": mode.revision,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

pub fn message(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

/// The JSON-RPC response: the only message of the body, or the last one of an event stream.
#[track_caller]
pub fn reply(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{response:?}");
    let last = response.body.lines().rfind(|line| line.contains(r#""jsonrpc""#));
    let message = last.expect("a message").trim_start_matches("data: ");
    serde_json::from_str(message).expect("a message in JSON")
}

/// The text of a tool's result.
#[track_caller]
pub fn text(response: &Response) -> String {
    let reply = reply(response);
    reply["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
}
