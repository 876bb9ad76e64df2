//! A guarded MCP server behind the layer of another one.

use std::net::SocketAddr;
use std::sync::Arc;

use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::{Mcp, McpBuilder, McpHandler};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Introspection, ResourceServer};
use rmcp::handler::server::router::prompt::{PromptRoute, PromptRouter};
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, Prompt, PromptMessage, Role, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use tower_layer::Layer;

use super::test_server::{
    MODES, Mode, RESOURCE, TestServer, guarded, message, meta, post, reply, resource_server, text,
};
use crate::{assert_challenged, assert_server_error};

const OTHER: &str = "https://other.example/mcp";

fn other_server(authorization_server: &AuthorizationServer) -> ResourceServer {
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder(OTHER).issuer(authorization_server.issuer());
    server.resolver(client.unwrap()).build().unwrap()
}

/// The handler of one server behind the layer of another one.
async fn behind<H: ServerHandler>(layer: &Mcp<H>, handler: &Mcp<H>, mode: Mode) -> SocketAddr {
    let service = layer.layer().layer(service(handler, mode));
    serve(axum::Router::new().route_service("/v1", service)).await
}

/// The handler alone.
fn service<H: ServerHandler>(
    handler: &Mcp<H>,
    mode: Mode,
) -> StreamableHttpService<McpHandler<H>, LocalSessionManager> {
    let handler: Mcp<H> = handler.clone();
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = mode.sessions;
    config.json_response = mode.json;
    StreamableHttpService::new(
        move || handler.handler(),
        Arc::new(LocalSessionManager::default()),
        config,
    )
}

/// Has no function that an attribute guards.
struct ByHand;

impl ServerHandler for ByHand {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_prompts();
        ServerConfig::new(capabilities.build())
    }

    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(vec![ContentBlock::text("ran")]).into())
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, "ran")]).into())
    }
}

/// With a tool and a prompt that declare a scope in their `_meta`.
fn by_hand(server: &ResourceServer) -> McpBuilder<ByHand> {
    // What the attribute has written for a tool with the scope `write`.
    let meta = TestServer::tool_router().map["write"].attr.meta.clone().unwrap();
    let tool = Tool::new("declared", "", Arc::default()).with_meta(meta.clone());
    let tools = ToolRouter::<ByHand>::new().with_route(ToolRoute::new_dyn(tool, |_| {
        Box::pin(async { Ok(CallToolResult::success(Vec::new()).into()) })
    }));
    let prompt = Prompt::new("declared", Some(""), None).with_meta(meta);
    let prompts = PromptRouter::<ByHand>::new().with_route(PromptRoute::new_dyn(prompt, |_| {
        Box::pin(async { Ok(GetPromptResult::new(Vec::new()).into()) })
    }));
    Mcp::builder(server, || Ok(ByHand))
        .declare_tools(&tools)
        .declare_prompts(&prompts)
        .tasks_by_handler()
}

const BY_HAND: [&str; 2] = ["tools/call", "prompts/get"];

#[tokio::test]
async fn what_another_layer_of_the_same_server_does_not_declare_is_decided_by_the_handler() {
    // R-I18, R-I4: it accepts the same tokens, and declares none of the scopes.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let own = by_hand(&server).build().unwrap();
    let other = Mcp::builder(&server, || Ok(ByHand)).build().unwrap();
    let mint = || authorization_server.mint().subject("alice").audience(RESOURCE);
    let (poor, rich) = (mint().scopes("read").issue(), mint().scopes("write").issue());
    for mode in [MODES[0], MODES[1], MODES[3]] {
        let address = behind(&other, &own, mode).await;
        for method in BY_HAND {
            let params = || json!({ "name": "declared" });
            let rejected = send(address, mode, &poor, method, params()).await;
            assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "write");
            let ran = send(address, mode, &rich, method, params()).await;
            assert!(reply(&ran)["result"].to_string().contains("ran"), "{ran:?}");
        }
    }
}

#[tokio::test]
async fn manually_declared_policies_reject_every_call_without_a_layer() {
    // R-I7
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let own = by_hand(&resource_server(&authorization_server)).build().unwrap();
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
    let token = mint.scopes("write").issue();
    for mode in [MODES[0], MODES[1], MODES[3]] {
        let service = service(&own, mode);
        let address = serve(axum::Router::new().route_service("/v1", service)).await;
        for method in BY_HAND {
            let send = |name| send(address, mode, &token, method, json!({ "name": name }));
            let rejected = send("declared").await;
            let message = "a guarded function was reached without requires_auth in front of the MCP \
                 server: serve it through `requires_auth::mcp::Mcp`";
            assert!(rejected.body.contains(message), "{rejected:?}");
            assert!(rejected.body.contains("-32603"), "{rejected:?}");
            // What declares nothing is not guarded.
            let ran = reply(&send("other").await);
            assert!(ran["result"].to_string().contains("ran"), "{ran}");
        }
    }
}

async fn send(
    address: SocketAddr,
    mode: Mode,
    token: &str,
    method: &str,
    mut params: serde_json::Value,
) -> Response {
    let mut request = post().header("mcp-protocol-version", mode.revision);
    if mode.is_modern() {
        request = request.header("mcp-method", method);
        if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
            request = request.header("mcp-name", name);
        }
        params["_meta"] = meta(mode);
    }
    request.json(&message(method, &params)).bearer(token).send(address).await
}

#[tokio::test]
async fn a_handler_behind_the_layer_of_another_server_rejects_every_call() {
    // R-I18
    let log = LogCapture::default();
    let _logging = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let mcp_server = TestServer::default();
    let own = guarded(&resource_server(&authorization_server), mcp_server.clone()).build().unwrap();
    let other = guarded(&other_server(&authorization_server), TestServer::default());
    let other = other.allow_anonymous().build().unwrap();
    // A token for the layer's server, with every scope.
    let scopes = "read write admin papers:read notes:read";
    let mint = || authorization_server.mint().subject("alice").scopes(scopes);
    let token = mint().audience(OTHER).issue();
    for mode in MODES.into_iter().filter(|mode| !mode.has_sessions()) {
        let address = behind(&other, &own, mode).await;
        for (method, params) in [
            ("tools/call", json!({ "name": "any_token", "arguments": {} })),
            ("tools/call", json!({ "name": "optional", "arguments": {} })),
            ("tools/call", json!({ "name": "open", "arguments": {} })),
            ("prompts/get", json!({ "name": "compose", "arguments": { "text": "x" } })),
            ("resources/read", json!({ "uri": "desk://papers" })),
            ("tools/list", json!({})),
            ("prompts/list", json!({})),
            ("resources/list", json!({})),
            (
                "completion/complete",
                json!({
                    "ref": { "type": "ref/prompt", "name": "compose" },
                    "argument": { "name": "text", "value": "a" },
                }),
            ),
        ] {
            let response = send(address, mode, &token, method, params).await;
            if mode.is_modern() || mode.json || response.status == 500 {
                assert_server_error(&response, 500, body::SERVER_ERROR, None);
            } else {
                let error = &reply(&response)["error"];
                assert_eq!(
                    (&error["code"], &error["data"]["status"]),
                    (&json!(-32603), &json!(500))
                );
            }
        }
    }
    let lines = log.lines();
    let line = lines.iter().find(|line| line.contains("behind the layer of another one"));
    let line = line.unwrap_or_else(|| panic!("{lines:?}"));
    assert!(line.contains("ERROR") && line.contains(RESOURCE) && line.contains(OTHER), "{line}");
    assert!(lines.iter().all(|line| !line.contains(&token)), "{lines:?}");

    // The layers of two `Mcp`s of the same resource server accept the same tokens.
    let server = resource_server(&authorization_server);
    let [one, two] = [(), ()].map(|()| guarded(&server, mcp_server.clone()).build().unwrap());
    let address = behind(&one, &two, MODES[1]).await;
    let token = mint().audience(RESOURCE).issue();
    let params = json!({ "name": "any_token", "arguments": {} });
    assert_eq!(text(&send(address, MODES[1], &token, "tools/call", params).await), "alice may");
}

#[tokio::test]
async fn a_session_behind_the_layer_of_another_server_is_not_started() {
    // R-I18
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let own =
        guarded(&resource_server(&authorization_server), TestServer::default()).build().unwrap();
    let other = guarded(&other_server(&authorization_server), TestServer::default());
    let other = McpBuilder::build(other).unwrap();
    let address = behind(&other, &own, MODES[4]).await;
    let token = authorization_server.mint().subject("alice").audience(OTHER).issue();
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    let response = post().json(&message("initialize", &params)).bearer(&token).send(address).await;
    assert!(!response.body.contains("\"result\""), "{response:?}");
}
