//! Servers whose tools and prompts must all declare a policy.

use std::sync::Arc;

use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Response;
use requires_auth::mcp::{Mcp, McpBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{ResourceServer, SetupError, requires_auth};
use rmcp::handler::server::router::prompt::PromptRouter;
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::model::{CallToolResult, PromptMessage, Role, ServerCapabilities, ServerConfig, Tool};
use rmcp::{
    ServerHandler, prompt, prompt as p, prompt_handler, prompt_router, tool, tool as t,
    tool_handler, tool_router,
};
use serde_json::{Value, json};

use super::test_server::{
    MODES, RESOURCE, TestServer, guarded, message, meta, post, reply, resource_server, serve_mcp,
    text,
};

#[derive(Clone)]
struct Strict;

#[requires_auth]
#[tool_router]
impl Strict {
    /// Guarded
    #[requires_auth(scopes = "read")]
    #[tool]
    async fn guarded(&self) -> String {
        "guarded".to_owned()
    }

    /// Public
    #[public]
    #[tool]
    async fn open(&self) -> String {
        "open".to_owned()
    }

    /// Nobody has said who may call it: the attribute on the block does not see this name
    #[t]
    async fn aliased(&self) -> String {
        "aliased".to_owned()
    }
}

#[prompt_router]
#[requires_auth(scopes = "read")]
impl Strict {
    #[prompt]
    async fn suggest(&self) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, "suggest")]
    }

    #[public]
    #[prompt(meta = own_meta())]
    async fn hint(&self) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, "hint")]
    }

    #[p]
    async fn renamed(&self) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, "renamed")]
    }
}

#[derive(Clone)]
struct Aliases;

/// A tool, and a prompt that the attribute on the block does not see
#[requires_auth(scopes = "read")]
#[tool_router]
impl Aliases {
    #[tool]
    async fn guarded(&self) -> String {
        "guarded".to_owned()
    }

    #[p]
    async fn renamed(&self) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, "renamed")]
    }
}

/// The other way round
#[requires_auth(scopes = "read")]
#[prompt_router]
impl Aliases {
    #[prompt]
    async fn suggest(&self) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, "suggest")]
    }

    #[t]
    async fn aliased(&self) -> String {
        "aliased".to_owned()
    }
}

impl ServerHandler for Aliases {}

#[derive(Clone)]
struct ToolsOnly;

#[requires_auth(scopes = "read")]
#[tool_router]
impl ToolsOnly {
    #[tool]
    #[allow(dead_code)]
    async fn guarded(&self) -> String {
        Self::helper()
    }

    /// What the compiler knows makes no route
    #[inline]
    #[must_use]
    fn helper() -> String {
        "guarded".to_owned()
    }
}

impl ServerHandler for ToolsOnly {}

fn own_meta() -> rmcp::model::MetaObject {
    let mut meta = rmcp::model::MetaObject::new();
    meta.0.insert("own".to_owned(), true.into());
    meta
}

impl Strict {
    fn all_tools() -> ToolRouter<Self> {
        Self::tool_router().with_route((Self::aliased_tool_attr(), Self::aliased))
    }

    fn all_prompts() -> PromptRouter<Self> {
        Self::prompt_router().with_route((Self::renamed_prompt_attr(), Self::renamed))
    }
}

#[tool_handler(router = Self::all_tools())]
#[prompt_handler(router = Self::all_prompts())]
impl ServerHandler for Strict {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_prompts();
        ServerConfig::new(capabilities.build())
    }
}

fn by_hand<H: Send + Sync + 'static>(name: &'static str) -> ToolRoute<H> {
    ToolRoute::new_dyn(Tool::new(name, "By hand", Arc::default()), |_| {
        Box::pin(async { Ok(CallToolResult::success(Vec::new()).into()) })
    })
}

fn strict(server: &ResourceServer) -> McpBuilder<Strict> {
    Mcp::builder(server, || Ok(Strict))
}

#[track_caller]
fn assert_no_policy<H: ServerHandler>(builder: McpBuilder<H>, kind: &str, name: &str) {
    let error = builder.build().map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the {kind} `{name}` declares no policy, and every {kind} of this server must: write \
             `#[requires_auth(…)]` above its `#[{kind}]`, or `#[public]` in an `impl` block with \
             `#[requires_auth]`, or name it in `McpBuilder::public_{kind}`"
        )
    );
    assert!(matches!(error, SetupError::NoPolicy { .. }));
}

#[tokio::test]
async fn a_route_without_a_policy_is_an_error_when_the_server_is_built() {
    // R-I17
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let builder = || strict(&server);
    assert!(builder().tool_router(Strict::tool_router()).build().is_ok());
    assert!(builder().declare_tools(&Strict::tool_router()).build().is_ok());
    assert!(builder().declare_prompts(&Strict::prompt_router()).build().is_ok());

    assert_no_policy(builder().tool_router(Strict::all_tools()), "tool", "aliased");
    assert_no_policy(builder().declare_tools(&Strict::all_tools()), "tool", "aliased");
    assert_no_policy(builder().declare_prompts(&Strict::all_prompts()), "prompt", "renamed");
    let made = || Strict::tool_router().with_route(by_hand("by_hand"));
    assert_no_policy(builder().tool_router(made()), "tool", "by_hand");
    // One that is switched off can be switched on.
    assert_no_policy(builder().declare_tools(&made().with_disabled("by_hand")), "tool", "by_hand");
    // In a router of its own, before or after the others.
    let own = || ToolRouter::new().with_route(by_hand::<Strict>("own"));
    let tools = builder().tool_router(own()).tool_router(Strict::tool_router());
    assert_no_policy(tools, "tool", "own");
    assert_no_policy(
        builder().declare_tools(&Strict::tool_router()).declare_tools(&own()),
        "tool",
        "own",
    );
    // Of the same name as one that has a policy.
    let shadow = ToolRouter::new().with_route(by_hand::<Strict>("guarded"));
    let tools = builder().declare_tools(&Strict::tool_router()).tool_router(shadow);
    assert_no_policy(tools, "tool", "guarded");

    assert!(builder().tool_router(Strict::all_tools()).public_tool("aliased").build().is_ok());
    assert!(
        builder().declare_prompts(&Strict::all_prompts()).public_prompt("renamed").build().is_ok()
    );
    let other = builder().tool_router(Strict::all_tools()).public_prompt("aliased");
    assert_no_policy(other, "tool", "aliased");
}

#[tokio::test]
async fn a_server_can_require_a_policy_of_everything() {
    // R-I17: an `impl` block without the attribute declares nothing for its tools.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    assert!(guarded(&server, TestServer::default()).build().is_ok());
    let strict = || guarded(&server, TestServer::default()).require_policies();
    assert_no_policy(strict(), "tool", "open");
    assert!(strict().public_tool("open").build().is_ok());
}

#[tokio::test]
async fn a_prompt_among_guarded_tools_may_have_no_other_name() {
    // R-I17: neither router has an entry from the block that declares the policies.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let renamed =
        PromptRouter::new().with_route((Aliases::renamed_prompt_attr(), Aliases::renamed));
    let mcp = || Mcp::builder(&server, || Ok(Aliases));
    let prompts = mcp().tool_router(Aliases::tool_router()).declare_prompts(&renamed);
    assert_no_policy(prompts, "prompt", "renamed");
    let aliased = || ToolRouter::new().with_route((Aliases::aliased_tool_attr(), Aliases::aliased));
    let tools = mcp().tool_router(aliased()).declare_prompts(&Aliases::prompt_router());
    assert_no_policy(tools, "tool", "aliased");
    let tools = mcp().declare_tools(&aliased()).declare_prompts(&Aliases::prompt_router());
    assert!(tools.public_tool("aliased").build().is_ok());

    // If each function has the name in its attribute, the prompts of other blocks may have any name.
    let free = Mcp::builder(&server, || Ok(ToolsOnly)).tool_router(ToolsOnly::tool_router());
    assert!(free.declare_prompts(&renamed).build().is_ok());
}

struct RunningServer {
    address: std::net::SocketAddr,
    token: String,
}

impl RunningServer {
    async fn send(&self, method: &str, mut params: Value) -> Response {
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        params["_meta"] = meta(MODES[0]);
        let request = post()
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .header("mcp-name", name);
        request.json(&message(method, &params)).bearer(&self.token).send(self.address).await
    }
}

#[tokio::test]
async fn a_tool_or_prompt_that_no_router_of_the_builder_has_is_not_called() {
    // R-I17: the handler has a router of its own, with more in it.
    let log = LogCapture::default();
    let _logging = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = strict(&server)
        .declare_tools(&Strict::tool_router())
        .declare_prompts(&Strict::prompt_router());
    let address = serve_mcp(&mcp.build().unwrap()).await;
    let token = authorization_server.mint().audience(RESOURCE).scopes("read").issue();
    let server_under_test = RunningServer { address, token };
    for tool in ["guarded", "open"] {
        let called =
            server_under_test.send("tools/call", json!({ "name": tool, "arguments": {} })).await;
        assert_eq!(text(&called), tool);
    }
    let rejected = reply(&server_under_test.send("tools/call", json!({ "name": "aliased" })).await);
    assert_eq!(rejected["error"], json!({ "code": -32602, "message": "tool not found" }));
    for prompt in ["suggest", "hint"] {
        let got = reply(&server_under_test.send("prompts/get", json!({ "name": prompt })).await);
        assert_eq!(got["result"]["messages"][0]["content"]["text"], prompt);
    }
    let rejected =
        reply(&server_under_test.send("prompts/get", json!({ "name": "renamed" })).await);
    assert_eq!(rejected["error"], json!({ "code": -32602, "message": "prompt not found" }));
    let lines = log.lines();
    for name in ["aliased", "renamed"] {
        let line = lines.iter().find(|line| line.contains(&format!("name=\"{name}\"")));
        assert!(line.is_some_and(|line| line.contains("ERROR")), "{lines:?}");
    }

    // R-B9: a caller can name what does not exist, as often and at whatever length.
    let endless = "x".repeat(3000);
    for _ in 0..50 {
        let unknown = server_under_test.send("tools/call", json!({ "name": endless })).await;
        assert_eq!(reply(&unknown)["error"]["message"], "tool not found");
    }
    let lines = log.lines();
    let errors: Vec<_> = lines.iter().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 5, "{errors:?}");
    assert!(errors.iter().all(|line| line.len() < 1000), "{errors:?}");
    assert!(errors[4].contains("limited=further lines of this kind are at DEBUG for 60 s"));
}

#[tokio::test]
async fn the_marker_of_a_declaration_is_not_listed() {
    // R-I17: the lists are those of a server without the builder.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = strict(&server)
        .tool_router(Strict::tool_router())
        .declare_prompts(&Strict::prompt_router());
    let address = serve_mcp(&mcp.build().unwrap()).await;
    let token = authorization_server.mint().audience(RESOURCE).scopes("read").issue();
    let server_under_test = RunningServer { address, token };
    let metas = async |method: &str, member: &str| {
        let list = server_under_test.send(method, json!({})).await;
        assert!(!list.body.contains("requires-auth/declared"), "{list:?}");
        let list = reply(&list)["result"][member].clone();
        let listed = list.as_array().unwrap().iter();
        listed.map(|one| (one["name"].clone(), one["_meta"].clone())).collect::<Vec<_>>()
    };
    let read = json!({ "requires-auth/authorization": { "scopes": ["read"] } });
    let tools = metas("tools/list", "tools").await;
    let mut guarded = read.clone();
    guarded["securitySchemes"] = json!([{ "type": "oauth2", "scopes": ["read"] }]);
    assert!(tools.contains(&(json!("guarded"), guarded)), "{tools:?}");
    assert!(tools.contains(&(json!("open"), Value::Null)), "{tools:?}");
    let prompts = metas("prompts/list", "prompts").await;
    assert!(prompts.contains(&(json!("suggest"), read)), "{prompts:?}");
    assert!(prompts.contains(&(json!("hint"), json!({ "own": true }))), "{prompts:?}");
}
