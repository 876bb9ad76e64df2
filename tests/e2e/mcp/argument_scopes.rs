//! `scopes_from = …` on tools and prompts: scopes that depend on the arguments, in every mode.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "the attribute passes references")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::mcp::{META_KEY, Mcp, McpBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{AuthInfo, Condition, Rejection, Scope, requires_auth};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{PromptMessage, Role, ServerCapabilities, ServerConfig};
use rmcp::schemars::{self, JsonSchema};
use rmcp::{
    ErrorData, ServerHandler, prompt, prompt_handler, prompt_router, tool, tool_handler,
    tool_router,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::test_server::{MODES, Mode, RunningServer, message, reply, resource_server, text};
use crate::{assert_challenged, assert_denied, assert_server_error};

#[derive(Clone, Default)]
struct PaperServer {
    runs: Arc<AtomicUsize>,
}

#[derive(Scope)]
enum PaperScope {
    #[scope("papers:private")]
    Private,
    #[scope("admin", implies = [Private])]
    Admin,
}

#[derive(Scope)]
enum LengthScope {
    #[scope("papers:short")]
    Short,
    #[scope("papers:long", implies = [Short])]
    Long,
}

#[derive(Deserialize, JsonSchema)]
struct Paper {
    owner: String,
    #[serde(default)]
    pages: u32,
}

fn scopes_of(paper: &Paper) -> Condition {
    const EITHER: Condition = Condition::Any(&[Condition::Scope("x"), Condition::Scope("y")]);
    match &*paper.owner {
        "private" => PaperScope::Private.into(),
        "choice" => EITHER,
        "never" => Condition::Any(&[]),
        "broken" => panic!("a mistake in the application"),
        _ => Condition::NONE,
    }
}

fn is_open(owner: &str) -> bool {
    assert_ne!(owner, "faulty", "a mistake in the application");
    owner != "closed"
}

fn of_owner(owner: &str) -> Result<PaperScope, Rejection> {
    match owner {
        "reserved" => {
            Err(requires_auth::testing::Caller::new("nobody", "").auth_info().access_denied())
        }
        "root" => Ok(PaperScope::Admin),
        _ => Ok(PaperScope::Private),
    }
}

impl PaperServer {
    fn ran(&self) -> String {
        self.runs.fetch_add(1, Ordering::SeqCst);
        "ran".to_owned()
    }

    fn of_pages(pages: &u32) -> Condition {
        if *pages > 10 { LengthScope::Long.into() } else { Condition::NONE }
    }
}

#[tool_router]
impl PaperServer {
    /// With scopes of its own
    #[requires_auth(scopes = "read", scopes_from = scopes_of)]
    #[tool]
    async fn create(
        &self,
        auth: AuthInfo,
        Parameters(paper): Parameters<Paper>,
    ) -> Result<String, Rejection> {
        Ok(format!("{} of {} for {:?}", self.ran(), paper.owner, auth.subject()))
    }

    /// Not asynchronous, with a pattern, and with a condition
    #[requires_auth(scopes_from = of_owner(owner), when = owner == "bob" || owner == "root")]
    #[tool]
    fn sync(
        &self,
        Parameters(Paper { owner, pages }): Parameters<Paper>,
    ) -> Result<String, ErrorData> {
        Ok(format!("{} of {owner} with {pages}", self.ran()))
    }

    /// For everybody
    #[requires_auth(scopes_from = scopes_of, optional, when = is_open(&paper.owner))]
    #[tool]
    async fn optional(
        &self,
        auth: Option<AuthInfo>,
        Parameters(paper): Parameters<Paper>,
    ) -> Result<String, Rejection> {
        Ok(format!("{} of {} for {}", self.ran(), paper.owner, auth.is_some()))
    }
}

#[requires_auth(scopes_from = Self::of_pages(pages), vocabulary = LengthScope)]
#[tool_router(router = default_router)]
impl PaperServer {
    /// By the attribute of the block
    #[tool]
    async fn by_default(
        &self,
        Parameters(Paper { owner: _, pages }): Parameters<Paper>,
    ) -> Result<String, ErrorData> {
        Ok(format!("{} with {pages}", self.ran()))
    }

    /// Also by the attribute of the block
    #[tool]
    async fn by_default_too(
        &self,
        Parameters(Paper { owner: _, pages }): Parameters<Paper>,
    ) -> Result<String, ErrorData> {
        Ok(format!("{} with {pages} too", self.ran()))
    }
}

#[prompt_router]
impl PaperServer {
    /// A prompt
    #[requires_auth(scopes = "read", scopes_from = scopes_of)]
    #[prompt]
    async fn summary(
        &self,
        Parameters(paper): Parameters<Paper>,
    ) -> Result<Vec<PromptMessage>, ErrorData> {
        Ok(vec![PromptMessage::new_text(Role::User, format!("{} of {}", self.ran(), paper.owner))])
    }
}

#[tool_handler(router = (Self::tool_router() + Self::default_router()))]
#[prompt_handler]
impl ServerHandler for PaperServer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_prompts().build())
    }
}

async fn start_with(
    mode: Mode,
    settings: impl FnOnce(McpBuilder<PaperServer>) -> McpBuilder<PaperServer>,
) -> (RunningServer, Arc<AtomicUsize>) {
    let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
    let server = resource_server(&authorization_server);
    let desk = PaperServer::default();
    let runs = Arc::clone(&desk.runs);
    let builder = Mcp::builder(&server, move || Ok(desk.clone()))
        .declare_tools(&PaperServer::tool_router())
        .declare_tools(&PaperServer::default_router())
        .declare_prompts(&PaperServer::prompt_router());
    let mcp = settings(builder).build().expect("the settings are right");
    (RunningServer::of(authorization_server, &mcp, mode).await, runs)
}

async fn start(mode: Mode) -> (RunningServer, Arc<AtomicUsize>) {
    start_with(mode, |builder| builder).await
}

#[tokio::test]
async fn the_metadata_lists_the_vocabulary_beside_scopes_from() {
    // R-J10, R-B3: a client may need these scopes, and does not request them before a challenge names them.
    let (server, _) = start(MODES[4]).await;
    let metadata = Request::get("/.well-known/oauth-protected-resource/v1");
    let document: Value = serde_json::from_str(&metadata.send(server.address).await.body).unwrap();
    assert_eq!(document["scopes_supported"], json!(["papers:long", "papers:short", "read"]));
    let anonymous = server.initialize().send(server.address).await;
    assert_challenged(&anonymous, 401, body::UNAUTHORIZED, "read");
}

fn paper(owner: &str) -> Value {
    json!({ "owner": owner })
}

#[track_caller]
fn assert_insufficient(response: &Response, scope: &str) {
    assert_challenged(response, 403, body::INSUFFICIENT_SCOPE, scope);
}

#[tokio::test]
async fn a_call_without_the_scopes_of_its_arguments_is_a_403_in_every_mode() {
    // R-I20: before anything is sent, with event streams and sessions.
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let call = async |scopes: &str, tool: &str, arguments: Value| {
            server.call(&server.token(scopes), tool, arguments).await
        };
        assert_insufficient(&call("", "create", paper("private")).await, "read");
        assert_insufficient(&call("read", "create", paper("private")).await, "read papers:private");
        assert_insufficient(&call("read", "create", paper("choice")).await, "read x");
        assert_insufficient(&call("read", "create", paper("never")).await, "read");
        assert_insufficient(&call("read", "sync", paper("bob")).await, "papers:private");
        assert_insufficient(&call("papers:private", "sync", paper("root")).await, "admin");
        for tool in ["by_default", "by_default_too"] {
            let long = json!({ "owner": "", "pages": 11 });
            assert_insufficient(&call("read", tool, long).await, "papers:long");
        }
        assert_denied(&call("", "sync", paper("reserved")).await);
        let panicked = call("read", "create", paper("broken")).await;
        assert_server_error(&panicked, 500, body::CONDITION_PANICKED, None);
        let get = async |scopes: &str, owner: &str| {
            let params = json!({ "name": "summary", "arguments": { "owner": owner } });
            server.send(&server.token(scopes), "prompts/get", params).await
        };
        assert_insufficient(&get("read", "private").await, "read papers:private");
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");

        for (scopes, tool, arguments, expected) in [
            ("read", "create", paper("bob"), "ran of bob for Some(\"alice\")"),
            (
                "read papers:private",
                "create",
                paper("private"),
                "ran of private for Some(\"alice\")",
            ),
            ("read admin", "create", paper("private"), "ran of private for Some(\"alice\")"),
            ("read y", "create", paper("choice"), "ran of choice for Some(\"alice\")"),
            ("admin", "sync", paper("root"), "ran of root with 0"),
            ("", "by_default", json!({ "owner": "", "pages": 10 }), "ran with 10"),
            (
                "papers:long",
                "by_default_too",
                json!({ "owner": "", "pages": 11 }),
                "ran with 11 too",
            ),
        ] {
            assert_eq!(text(&call(scopes, tool, arguments).await), expected, "{mode:?}");
        }
        let got = reply(&get("read papers:private", "private").await);
        assert_eq!(got["result"]["messages"][0]["content"]["text"], "ran of private");
        assert_eq!(runs.load(Ordering::SeqCst), 8, "{mode:?}");
    }
}

#[tokio::test]
async fn arguments_that_do_not_parse_get_the_answer_of_the_sdk() {
    // R-I20
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let token = server.token("read");
        for arguments in [json!({}), json!({ "owner": 1 }), json!({ "owner": "x", "pages": -1 })] {
            let answer = reply(&server.call(&token, "create", arguments).await).to_string();
            assert!(answer.contains("failed to deserialize parameters"), "{mode:?} {answer}");
        }
        let insufficient = server.call(&server.token(""), "create", json!({})).await;
        assert_insufficient(&insufficient, "read");
        let params = json!({ "name": "create" });
        let missing = reply(&server.send(&token, "tools/call", params).await).to_string();
        assert!(missing.contains("missing field `owner`"), "{mode:?} {missing}");
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn ambiguous_arguments_are_malformed() {
    // R-I20, R-I4: two parsers could read different arguments.
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let token = server.token("read admin");
        let session = server.session(&token).await;
        for ambiguous in [
            r#""arguments":{"owner":"bob","owner":"private"}"#,
            r#""arguments":{"owner":"bob","\u006fwner":"private"}"#,
            r#""arguments":{"owner":"bob"},"arguments":{"owner":"private"}"#,
            r#""arguments":{"owner":"bob","more":[{"a":1,"a":2}]}"#,
        ] {
            let params = json!({ "name": "create", "arguments": paper("bob") });
            let request = server.request("tools/call", params);
            let text = String::from_utf8(request.bytes()).unwrap();
            let (_, sent) = text.split_once("\r\n\r\n").unwrap();
            let written = sent.replace(r#""arguments":{"owner":"bob"}"#, ambiguous);
            assert_ne!(written, sent);
            let mut request = server.head().json(&written).bearer(&token);
            if mode.is_modern() {
                request = request.header("mcp-method", "tools/call").header("mcp-name", "create");
            }
            if let Some(session) = &session {
                request = request.header("mcp-session-id", session);
            }
            let response = request.send(server.address).await;
            let expected = json!({
                "jsonrpc": "2.0",
                "id": null,
                "error": {
                    "code": -32600,
                    "message": "the message is not a JSON-RPC request of the Model Context Protocol",
                },
            });
            let answer = (response.status, response.body.clone());
            assert_eq!(answer, (400, expected.to_string()), "{mode:?} {ambiguous}");
            assert_eq!(response.header("cache-control"), Some("no-store"));
        }
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn an_anonymous_call_runs_if_its_arguments_require_nothing() {
    // R-I20, R-K11
    for mode in MODES.into_iter().filter(|mode| !mode.has_sessions()) {
        let (server, runs) = start_with(mode, McpBuilder::allow_anonymous).await;
        let call = async |owner: &str| {
            let params = json!({ "name": "optional", "arguments": paper(owner) });
            server.request("tools/call", params).send(server.address).await
        };
        assert_challenged(&call("private").await, 401, body::UNAUTHORIZED, "papers:private");
        // Event streams of older revisions begin before the function runs.
        if mode.is_modern() || mode.json {
            assert_challenged(&call("closed").await, 401, body::UNAUTHORIZED, "");
            assert_server_error(&call("faulty").await, 500, body::CONDITION_PANICKED, None);
        }
        let insufficient = server.call(&server.token(""), "optional", paper("private")).await;
        assert_insufficient(&insufficient, "papers:private");
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
        assert_eq!(text(&call("bob").await), "ran of bob for false");
        let called = server.call(&server.token("admin"), "optional", paper("private")).await;
        assert_eq!(text(&called), "ran of private for true");
    }
}

#[tokio::test]
async fn the_headers_name_no_other_tool_than_the_body() {
    // R-I20, R-I4: the headers name a tool without such scopes, the body one with them.
    for mode in MODES.into_iter().filter(|mode| mode.is_modern()) {
        let (server, runs) = start(mode).await;
        let token = server.token("read");
        for (header, named) in [("by_default", "create"), ("create", "by_default")] {
            let mut params =
                json!({ "name": named, "arguments": { "owner": "private", "pages": 11 } });
            params["_meta"] = super::test_server::meta(mode);
            let request = server
                .head()
                .header("mcp-method", "tools/call")
                .header("mcp-name", header)
                .json(&message("tools/call", &params));
            let response = request.bearer(&token).send(server.address).await;
            assert_eq!(response.status, 400, "{mode:?} {response:?}");
        }
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn a_stream_is_resumed_only_with_the_scopes_that_its_arguments_require() {
    // R-I20, R-I12
    for mode in MODES.into_iter().filter(|mode| mode.has_sessions()) {
        let (server, _) = start(mode).await;
        let (rich, poor) = (server.token("read papers:private"), server.token("read"));
        let params = json!({ "name": "create", "arguments": paper("private") });
        let called = server.assert_resumed_only_with(&rich, &poor, "tools/call", params).await;
        assert!(text(&called).starts_with("ran"), "{called:?}");
    }
}

#[tokio::test]
async fn the_meta_says_that_scopes_depend_on_the_arguments() {
    // R-I20, R-I6
    let (server, _) = start_with(MODES[0], McpBuilder::filter_lists).await;
    let listed = reply(&server.send(&server.token("read"), "tools/list", json!({})).await);
    let tools = listed["result"]["tools"].as_array().unwrap();
    let meta = |name: &str| {
        let tool = tools.iter().find(|tool| tool["name"] == name).expect("it is listed");
        let members: Vec<&String> = tool["_meta"].as_object().unwrap().keys().collect();
        assert!(members.iter().all(|key| !key.contains("scopes-from")), "{members:?}");
        tool["_meta"][META_KEY].clone()
    };
    let depends = |scopes: Value| json!({ "scopes": scopes, "depends_on_arguments": true });
    assert_eq!(meta("create"), depends(json!(["read"])));
    assert_eq!(meta("sync"), depends(json!([])));
    assert_eq!(meta("by_default"), depends(json!([])));
}

#[tokio::test]
async fn a_function_that_the_layer_does_not_have_decides_about_its_arguments_itself() {
    // R-I20, R-K15
    for mode in MODES {
        let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
        let server = resource_server(&authorization_server);
        let desk = PaperServer::default();
        let runs = Arc::clone(&desk.runs);
        let mcp = Mcp::builder(&server, move || Ok(desk.clone())).build().expect("it is right");
        let server = RunningServer::of(authorization_server, &mcp, mode).await;
        let call = async |scopes: &str, tool: &str, owner: &str| {
            server.call(&server.token(scopes), tool, paper(owner)).await
        };
        let scopes = [("create", "read papers:private"), ("sync", "papers:private")];
        for (tool, required) in scopes {
            let response = call("read", tool, "private").await;
            if mode.is_modern() || mode.json {
                assert_insufficient(&response, required);
            } else {
                // The response has begun.
                let error = &reply(&response)["error"];
                assert_eq!(error["code"], -32010, "{mode:?}");
                assert_eq!(error["data"]["scope"], required, "{mode:?}");
            }
        }
        let reserved = call("", "sync", "reserved").await;
        if mode.is_modern() || mode.json {
            assert_denied(&reserved);
        } else {
            assert_eq!(reply(&reserved)["error"]["data"]["error"], "access_denied", "{mode:?}");
        }
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
        let called = call("read admin", "create", "private").await;
        assert_eq!(text(&called), "ran of private for Some(\"alice\")");
    }
}

#[tokio::test]
async fn the_body_is_read_for_a_caller_with_the_declared_scopes_and_up_to_the_limit() {
    // R-I20, R-A8, R-I13
    for mode in MODES.into_iter().filter(|mode| mode.is_modern()) {
        let (server, runs) = start_with(mode, |mcp| mcp.max_body_length(1000)).await;
        let head = || {
            let head = server.head().header("content-type", "application/json");
            head.header("mcp-method", "tools/call").header("mcp-name", "create")
        };
        // The rest of the body never arrives.
        let withheld = head().header("content-length", "500").bearer(&server.token(""));
        assert_insufficient(&withheld.send(server.address).await, "read");
        let arguments = json!({ "owner": "bob".repeat(400) });
        let too_large = server.call(&server.token("read"), "create", arguments).await;
        assert_eq!(too_large.status, 413, "{mode:?} {too_large:?}");
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
    }
}
