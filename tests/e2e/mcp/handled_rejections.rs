//! A rejection becomes the HTTP response only if a function returns it: one that a function handles
//! itself changes nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use fixtures::http_server::serve;
use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::{Mcp, authorize, challenge_result};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{AuthInfo, Condition, Rejection, ResourceServer, requires_auth};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents, Role,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, prompt, prompt_handler, prompt_router, tool,
    tool_handler, tool_router,
};
use serde_json::{Value, json};
use tower_layer::Layer;

use super::test_server::{MODES, Mode, RESOURCE, message, meta, post, reply, resource_server};
use crate::assert_challenged;
use crate::service::METADATA;

/// Handles rejections in every way that a function can.
#[derive(Clone)]
struct Files;

/// Converts a rejection, as a function does to log it.
fn log(rejection: Rejection) -> String {
    let error = ErrorData::from(rejection);
    format!("logged {}", error.code.0)
}

#[tool_router]
impl Files {
    #[requires_auth]
    #[tool(description = "Logs the rejection and returns a result")]
    async fn logs(&self, auth: AuthInfo) -> Result<String, ErrorData> {
        Ok(auth.require("more").map_or_else(log, |()| "more".to_owned()))
    }

    #[requires_auth]
    #[tool(description = "Logs the rejection and returns an error of its own")]
    async fn own_error(&self, auth: AuthInfo) -> Result<String, ErrorData> {
        auth.require("more")
            .map_err(|rejection| ErrorData::invalid_params(log(rejection), None))?;
        Ok("more".to_owned())
    }

    #[requires_auth]
    #[tool(description = "Returns the rejection as an error of JSON-RPC")]
    async fn returns(&self, auth: AuthInfo) -> Result<String, ErrorData> {
        auth.require("more")?;
        Ok("more".to_owned())
    }

    #[requires_auth]
    #[tool(description = "Returns the rejection itself")]
    async fn returns_rejection(&self, auth: AuthInfo) -> Result<String, Rejection> {
        auth.require("more")?;
        Ok("more".to_owned())
    }

    #[requires_auth]
    #[tool(description = "Returns the rejection as a result")]
    async fn challenges(&self, auth: AuthInfo) -> Result<CallToolResult, ErrorData> {
        let result = |()| CallToolResult::success(vec![ContentBlock::text("more")]);
        Ok(auth.require("more").map_or_else(|rejection| challenge_result(&rejection), result))
    }

    #[requires_auth]
    #[tool(description = "Handles one rejection and returns the next")]
    async fn returns_second(&self, auth: AuthInfo) -> Result<String, ErrorData> {
        auth.require("other").map_or_else(log, |()| "other".to_owned());
        auth.require("more")?;
        Ok("more".to_owned())
    }

    #[requires_auth]
    #[tool(description = "Returns an earlier rejection after many others")]
    async fn returns_first(&self, auth: AuthInfo) -> Result<String, ErrorData> {
        let first = auth.require("more").map_err(ErrorData::from);
        for number in 0..20 {
            log(auth.require(&format!("other{number}")).unwrap_err());
        }
        first?;
        Ok("more".to_owned())
    }

    #[requires_auth(scopes = "more")]
    #[tool(description = "Is rejected by its guard")]
    async fn guarded(&self) -> String {
        "more".to_owned()
    }
}

#[prompt_router]
impl Files {
    #[requires_auth]
    #[prompt(description = "Logs the rejection and returns a result")]
    async fn logs_too(&self, auth: AuthInfo) -> Result<Vec<PromptMessage>, ErrorData> {
        let text = auth.require("more").map_or_else(log, |()| "more".to_owned());
        Ok(vec![PromptMessage::new_text(Role::User, text)])
    }

    #[requires_auth]
    #[prompt(description = "Returns the rejection")]
    async fn returns_too(&self, auth: AuthInfo) -> Result<Vec<PromptMessage>, ErrorData> {
        auth.require("more")?;
        Ok(vec![PromptMessage::new_text(Role::User, "more")])
    }
}

#[tool_handler]
#[prompt_handler]
impl ServerHandler for Files {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_prompts().enable_resources();
        ServerConfig::new(capabilities.build())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let decided = authorize(&context, Condition::Scope("more"));
        let text = match request.uri.as_str() {
            "files:logs" => decided.map_or_else(|_| "logged".to_owned(), |_| "more".to_owned()),
            _ => decided.map(|_| "more".to_owned())?,
        };
        Ok(ReadResourceResult::new(vec![ResourceContents::text(text, request.uri)]).into())
    }
}

/// Calls the tools of [`Files`], and returns a result in place of each error.
struct Recovers;

impl ServerHandler for Recovers {
    fn get_info(&self) -> ServerConfig {
        Files.get_info()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let called =
            Files::tool_router().call(ToolCallContext::new(&Files, request, context)).await;
        called.or_else(|error| {
            let text = format!("recovered from {}", error.code.0);
            Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
        })
    }
}

struct RunningServer {
    address: SocketAddr,
    mode: Mode,
    token: String,
    /// Keeps the authorization server running.
    _authorization_server: AuthorizationServer,
}

impl RunningServer {
    async fn start(mode: Mode, app: impl FnOnce(ResourceServer, Mode) -> axum::Router) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let token = authorization_server.mint().audience(RESOURCE).scopes("read").issue();
        let address = serve(app(resource_server(&authorization_server), mode)).await;
        Self { address, mode, token, _authorization_server: authorization_server }
    }

    async fn send(&self, method: &str, mut params: Value) -> Response {
        let mut request = post().header("mcp-protocol-version", self.mode.revision);
        if self.mode.is_modern() {
            request = request.header("mcp-method", method);
            if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
                request = request.header("mcp-name", name);
            }
            params["_meta"] = meta(self.mode);
        }
        request.json(&message(method, &params)).bearer(&self.token).send(self.address).await
    }

    async fn call(&self, tool: &str) -> Response {
        self.send("tools/call", json!({ "name": tool, "arguments": {} })).await
    }

    /// A 403 where the status is sent after the function has returned, and otherwise the error.
    #[track_caller]
    fn assert_rejected(&self, response: &Response, case: &str) {
        if self.mode.is_modern() || self.mode.json || response.status == 403 {
            assert_challenged(response, 403, body::INSUFFICIENT_SCOPE, "more");
        } else {
            let error = &reply(response)["error"];
            assert_eq!(
                (&error["code"], &error["data"]["scope"]),
                (&json!(-32010), &json!("more")),
                "{case}"
            );
        }
    }
}

fn config(mode: Mode) -> StreamableHttpServerConfig {
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = mode.sessions;
    config.json_response = mode.json;
    config
}

fn sessions() -> Arc<LocalSessionManager> {
    Arc::new(LocalSessionManager::default())
}

fn modes() -> impl Iterator<Item = Mode> {
    MODES.into_iter().filter(|mode| !mode.has_sessions())
}

#[tokio::test]
async fn a_rejection_that_a_function_handles_changes_nothing() {
    // R-I3: the conversion to an error of JSON-RPC has no effect of its own.
    for mode in modes() {
        let running = RunningServer::start(mode, |server, mode| {
            let mcp = Mcp::builder(&server, || Ok(Files))
                .declare_tools(&Files::tool_router())
                .declare_prompts(&Files::prompt_router());
            mcp.build().unwrap().routes(sessions(), config(mode))
        });
        let running = running.await;
        let logs = reply(&running.call("logs").await);
        assert_eq!(logs["result"]["content"][0]["text"], "logged -32010", "{mode:?} {logs}");
        let own = reply(&running.call("own_error").await);
        assert_eq!(own["error"], json!({ "code": -32602, "message": "logged -32010" }), "{mode:?}");
        let prompt = reply(&running.send("prompts/get", json!({ "name": "logs_too" })).await);
        assert_eq!(prompt["result"]["messages"][0]["content"]["text"], "logged -32010", "{mode:?}");
        let resource = running.send("resources/read", json!({ "uri": "files:logs" })).await;
        assert_eq!(reply(&resource)["result"]["contents"][0]["text"], "logged", "{mode:?}");
    }
}

#[tokio::test]
async fn a_result_can_have_the_challenge() {
    // R-I22
    for mode in modes() {
        let running = RunningServer::start(mode, |server, mode| {
            let mcp = Mcp::builder(&server, || Ok(Files)).tool_router(Files::tool_router());
            mcp.build().unwrap().routes(sessions(), config(mode))
        });
        let running = running.await;
        let response = running.call("challenges").await;
        assert_eq!((response.status, response.header("www-authenticate")), (200, None), "{mode:?}");
        let mut result = reply(&response)["result"].clone();
        result.as_object_mut().unwrap().remove("resultType");
        let description = "The access token does not carry the scopes that this operation needs";
        let challenge = format!(
            "Bearer error=\"insufficient_scope\", error_description=\"{description}\", scope=\"more\", {METADATA}"
        );
        let expected = json!({
            "isError": true,
            "content": [{ "type": "text", "text": description }],
            "_meta": { "mcp/www_authenticate": [challenge] },
        });
        assert_eq!(result, expected, "{mode:?}");
    }
}

#[tokio::test]
async fn a_rejection_that_a_function_returns_is_a_403() {
    // R-I3
    for mode in modes() {
        let running = RunningServer::start(mode, |server, mode| {
            let mcp = Mcp::builder(&server, || Ok(Files)).tool_router(Files::tool_router());
            mcp.build().unwrap().routes(sessions(), config(mode))
        });
        let running = running.await;
        for tool in ["returns", "returns_rejection", "returns_second", "returns_first", "guarded"] {
            running.assert_rejected(&running.call(tool).await, tool);
        }
        let prompt = running.send("prompts/get", json!({ "name": "returns_too" })).await;
        running.assert_rejected(&prompt, "prompt");
        let resource = running.send("resources/read", json!({ "uri": "files:returns" })).await;
        running.assert_rejected(&resource, "resource");
    }
}

#[tokio::test]
async fn a_handler_can_recover_from_the_rejection_of_a_guard() {
    // R-I3: no router is given to the builder, so that the layer decides about none of the tools.
    for mode in modes() {
        let running = RunningServer::start(mode, |server, mode| {
            let mcp = Mcp::builder(&server, || Ok(Recovers));
            mcp.build().unwrap().routes(sessions(), config(mode))
        });
        let running = running.await;
        for tool in ["guarded", "returns"] {
            let result = reply(&running.call(tool).await);
            let text = &result["result"]["content"][0]["text"];
            assert_eq!(text, "recovered from -32010", "{mode:?} {tool} {result}");
        }
    }
}

#[tokio::test]
async fn behind_the_layer_alone_the_rejection_of_a_guard_is_a_403() {
    // R-I3: the handler is the application's own. Nothing reads what its functions return, so a rejection
    // within one is an error of JSON-RPC.
    for mode in modes() {
        let running = RunningServer::start(mode, |server, mode| {
            let mcp = Mcp::builder(&server, || Ok(Files)).build().unwrap();
            let service = StreamableHttpService::new(|| Ok(Files), sessions(), {
                let mut config = config(mode);
                config.allowed_hosts = Vec::new();
                config
            });
            axum::Router::new().route_service("/v1", mcp.layer().layer(service))
        });
        let running = running.await;
        running.assert_rejected(&running.call("guarded").await, "guarded");
        let logs = reply(&running.call("logs").await);
        assert_eq!(logs["result"]["content"][0]["text"], "logged -32010", "{mode:?} {logs}");
        let returns = reply(&running.call("returns").await);
        assert_eq!(returns["error"]["data"]["scope"], "more", "{mode:?} {returns}");
    }
}
