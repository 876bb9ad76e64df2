//! Messages to an MCP server: the layer passes none to the SDK that calls, gets or reads what the caller may not.
//!
//! The input is the body of a `POST`, or header lines, an empty line, and the body. The SDK's own service is behind the
//! layer, with a handler that has no guards and records if it is reached for something protected.

#![allow(deprecated, reason = "the handler has the methods of all revisions")]

use std::future::ready;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use requires_auth::mcp::{Mcp, McpService};
use requires_auth::{Condition, requires_auth};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
    GetPromptRequestParams, GetPromptResponse, ReadResourceRequestParams, ReadResourceResponse,
    Reference, SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, ServerHandler, prompt, prompt_router, tool, tool_router};
use serde::Deserialize;
use tower_layer::Layer;
use tower_service::Service;

use crate::runtime::block_on;
use crate::server::{Recorder, builder};

/// It has the policies.
struct Guarded;

#[derive(Deserialize, JsonSchema)]
struct Entry {
    #[allow(dead_code, reason = "a second member")]
    title: String,
    #[serde(default)]
    private: bool,
}

fn scopes_of(entry: &Entry) -> Condition {
    if entry.private { "private".into() } else { Condition::NONE }
}

#[tool_router]
impl Guarded {
    #[requires_auth(scopes = "admin")]
    #[tool]
    async fn secret(&self) {}

    #[requires_auth(scopes_from = scopes_of)]
    #[tool]
    async fn write(&self, Parameters(entry): Parameters<Entry>) -> Result<(), ErrorData> {
        drop(entry);
        Ok(())
    }

    #[requires_auth(scopes = "read")]
    #[tool]
    async fn list(&self) {}
}

#[prompt_router]
impl Guarded {
    #[requires_auth(scopes = "admin")]
    #[prompt]
    async fn hidden(&self) -> Vec<rmcp::model::PromptMessage> {
        Vec::new()
    }
}

impl ServerHandler for Guarded {}

/// It has none, and serves each of their operations. A panic in it would end its task, not the target.
struct Unguarded;

/// The protected operations that it has served.
static SERVED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn record(is_protected: bool, operation: &'static str) {
    if is_protected {
        SERVED.lock().unwrap().push(operation);
    }
}

fn record_resource(uri: &str) {
    let rest = uri.strip_prefix("secret://");
    record(rest.is_some_and(|rest| !rest.is_empty()), "a resource");
}

fn done<T: Send + Sync>(value: T) -> impl Future<Output = Result<T, ErrorData>> + Send {
    ready(Ok(value))
}

impl ServerHandler for Unguarded {
    fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send + '_ {
        record(request.name == "secret", "a tool");
        let arguments = request.arguments.unwrap_or_default();
        let entry = serde_json::from_value::<Entry>(arguments.into());
        let is_private = request.name == "write" && entry.is_ok_and(|entry| entry.private);
        record(is_private, "a tool with these arguments");
        done(CallToolResult::success(Vec::new()).into())
    }

    fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<GetPromptResponse, ErrorData>> + Send + '_ {
        record(request.name == "hidden", "a prompt");
        ready(Err(ErrorData::invalid_params("no such prompt", None)))
    }

    fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ReadResourceResponse, ErrorData>> + Send + '_ {
        record_resource(&request.uri);
        ready(Err(ErrorData::resource_not_found("no such resource", None)))
    }

    fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<(), ErrorData>> + Send + '_ {
        record_resource(&request.uri);
        done(())
    }

    fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<(), ErrorData>> + Send + '_ {
        record_resource(&request.uri);
        done(())
    }

    fn accepted_subscription_filter(
        &self,
        filter: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        filter.resource_subscriptions.iter().flatten().for_each(|uri| record_resource(uri));
        None
    }

    fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CompleteResult, ErrorData>> + Send + '_ {
        match &request.r#ref {
            Reference::Prompt(prompt) => record(prompt.name == "hidden", "a completion"),
            Reference::Resource(resource) => record_resource(&resource.uri),
            _ => {}
        }
        done(CompleteResult::default())
    }
}

type Sdk = StreamableHttpService<Unguarded, LocalSessionManager>;

static FIXTURE: LazyLock<(McpService<Sdk>, Recorder)> = LazyLock::new(|| {
    let (builder, recorder) = builder();
    let mcp = Mcp::builder(&builder.build().unwrap(), || Ok(Guarded))
        .tool_router(Guarded::tool_router())
        .declare_prompts(&Guarded::prompt_router())
        .resource("secret://{+path}", Condition::Scope("admin"))
        .build()
        .unwrap();
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = false;
    config.json_response = true;
    let sdk = StreamableHttpService::new(|| Ok(Unguarded), Arc::default(), config);
    (mcp.layer().layer(sdk), recorder)
});

/// The headers that an input can have.
const HEADERS: [&str; 3] = ["mcp-protocol-version", "mcp-method", "mcp-name"];

// R-I3, R-I4, R-I5, R-I16, R-I20
pub fn run(data: &[u8]) {
    let (head, body) = split(data);
    let own = status(head, body, "read");
    assert_eq!(*SERVED.lock().unwrap(), [""; 0], "{}", String::from_utf8_lossy(data));
    // Whoever has all scopes may do everything.
    let unrestricted = status(head, body, "read admin private");
    SERVED.lock().unwrap().clear();
    assert!(unrestricted != 401 && unrestricted != 403, "{unrestricted}");
    assert!(own == 403 || own == unrestricted, "{own}, and {unrestricted} with all scopes");
}

/// The header lines and the body. A JSON text does not begin with `m`.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    match end.filter(|_| data.starts_with(b"m")) {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (b"", data),
    }
}

fn status(head: &[u8], body: &[u8], scopes: &str) -> StatusCode {
    let (service, recorder) = &*FIXTURE;
    recorder.grant(scopes);
    let mut request = Request::new(Full::new(Bytes::copy_from_slice(body)));
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    for (name, value) in [
        (AUTHORIZATION, "Bearer t0"),
        (HOST, "localhost"),
        (CONTENT_TYPE, "application/json"),
        (ACCEPT, "application/json, text/event-stream"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for line in head.split(|byte| *byte == b'\n').take(4) {
        let line = String::from_utf8_lossy(line);
        let (name, value) = line.split_once(": ").unwrap_or_default();
        let name = HEADERS.into_iter().find(|known| *known == name);
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let response = block_on(service.clone().call(request)).unwrap();
    recorder.take();
    response.status()
}
