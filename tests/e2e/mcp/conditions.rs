//! Conditions on the arguments of tools and prompts, in every mode.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::Mcp;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{AuthInfo, Rejection, requires_auth};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    NumberOrString, ProgressNotificationParam, ProgressToken, PromptMessage, Role,
    ServerCapabilities, ServerConfig,
};
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::RequestContext;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, prompt, prompt_handler, prompt_router, tool,
    tool_handler, tool_router,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::test_server::{MODES, Mode, RunningServer, reply, resource_server, text};
use crate::{assert_denied, assert_server_error};

#[derive(Clone, Default)]
struct PaperServer {
    runs: Arc<AtomicUsize>,
}

#[derive(Deserialize, JsonSchema)]
struct Paper {
    owner: String,
}

fn panics(_: &AuthInfo) -> bool {
    panic!("the condition of a test")
}

impl PaperServer {
    fn ran(&self) -> String {
        self.runs.fetch_add(1, Ordering::SeqCst);
        "ran".to_owned()
    }
}

async fn has_begun(context: &RequestContext<RoleServer>) -> bool {
    let token = ProgressToken(NumberOrString::Number(7));
    context.peer.notify_progress(ProgressNotificationParam::new(token, 0.5)).await.is_err()
}

#[tool_router]
impl PaperServer {
    /// Of the caller alone
    #[requires_auth(scopes = "read", when = auth.subject() == Some(&*paper.owner))]
    #[tool]
    async fn own(&self, Parameters(paper): Parameters<Paper>) -> Result<String, Rejection> {
        Ok(format!("{} of {}", self.ran(), paper.owner))
    }

    /// Not asynchronous, with a pattern
    #[requires_auth(when = caller.subject() == Some(&*owner))]
    #[tool]
    fn sync(
        &self,
        caller: AuthInfo,
        Parameters(Paper { owner }): Parameters<Paper>,
    ) -> Result<String, ErrorData> {
        Ok(format!("{} of {owner} for {:?}", self.ran(), caller.subject()))
    }

    /// Finds out when the response has begun
    #[requires_auth(when = has_begun(&context).await)]
    #[tool]
    async fn late(&self, context: RequestContext<RoleServer>) -> Result<String, ErrorData> {
        Ok(format!("{} {:?}", self.ran(), context.id))
    }

    /// Panics
    #[requires_auth(when = panics(&auth))]
    #[tool]
    async fn panicking(&self) -> Result<String, ErrorData> {
        Ok(self.ran())
    }
}

#[prompt_router]
impl PaperServer {
    /// Of the caller alone
    #[requires_auth(when = auth.subject() == Some(&*owner))]
    #[prompt]
    async fn summary(
        &self,
        Parameters(Paper { owner }): Parameters<Paper>,
    ) -> Result<Vec<PromptMessage>, ErrorData> {
        Ok(vec![PromptMessage::new_text(Role::User, format!("{} of {owner}", self.ran()))])
    }
}

#[tool_handler]
#[prompt_handler]
impl ServerHandler for PaperServer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_prompts().build())
    }
}

async fn start(mode: Mode) -> (RunningServer, Arc<AtomicUsize>) {
    let authorization_server = AuthorizationServer::start().await.expect("loopback is there");
    let server = resource_server(&authorization_server);
    let desk = PaperServer::default();
    let runs = Arc::clone(&desk.runs);
    let mcp = Mcp::builder(&server, move || Ok(desk.clone()))
        .declare_tools(&PaperServer::tool_router())
        .declare_prompts(&PaperServer::prompt_router())
        .build()
        .expect("the settings are right");
    (RunningServer::of(authorization_server, &mcp, mode).await, runs)
}

/// Whether the response begins before the function returns: with event streams of older revisions.
fn begins_early(mode: Mode) -> bool {
    !mode.is_modern() && !mode.json
}

/// The HTTP 500, or the error of JSON-RPC where the response has begun.
#[track_caller]
fn assert_panicked_in(mode: Mode, response: &Response) {
    if begins_early(mode) {
        let description =
            "This server failed to decide whether the caller may perform this operation";
        let expected = json!({
            "code": -32603,
            "message": description,
            "data": {
                "status": 500,
                "error": "server_error",
                "error_description": description,
            },
        });
        assert_eq!(reply(response)["error"], expected, "{mode:?}");
    } else {
        assert_server_error(response, 500, body::CONDITION_PANICKED, None);
    }
}

/// The HTTP 403, or the error of JSON-RPC where the response has begun.
#[track_caller]
fn assert_denied_in(mode: Mode, response: &Response) {
    if begins_early(mode) {
        assert_eq!(reply(response)["error"], error(), "{mode:?}");
    } else {
        assert_denied(response);
    }
}

fn error() -> Value {
    json!({
        "code": -32010,
        "message": "The caller may not perform this operation",
        "data": {
            "status": 403,
            "error": "access_denied",
            "error_description": "The caller may not perform this operation",
        },
    })
}

#[tokio::test]
async fn a_tool_runs_only_if_its_condition_holds() {
    // R-K13
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let token = server.token("read");
        for tool in ["own", "sync"] {
            let denied = server.call(&token, tool, json!({ "owner": "bob" })).await;
            assert_denied_in(mode, &denied);
        }
        let params = |owner: &str| json!({ "name": "summary", "arguments": { "owner": owner } });
        assert_denied_in(mode, &server.send(&token, "prompts/get", params("bob")).await);
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");

        let call = |tool| server.call(&token, tool, json!({ "owner": "alice" }));
        assert_eq!(text(&call("own").await), "ran of alice");
        assert_eq!(text(&call("sync").await), "ran of alice for Some(\"alice\")");
        let got = reply(&server.send(&token, "prompts/get", params("alice")).await);
        assert_eq!(got["result"]["messages"][0]["content"]["text"], "ran of alice");
    }
}

#[tokio::test]
async fn a_condition_that_panics_lets_no_call_through() {
    // R-K13
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let token = server.token("read");
        assert_panicked_in(mode, &server.call(&token, "panicking", json!({})).await);
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
        // The server goes on.
        let called = server.call(&token, "own", json!({ "owner": "alice" })).await;
        assert_eq!(text(&called), "ran of alice");
    }
}

#[tokio::test]
async fn a_condition_that_takes_its_time_rejects_a_response_that_has_begun() {
    // R-K13
    for mode in MODES {
        let (server, runs) = start(mode).await;
        let response = server.call(&server.token(""), "late", json!({})).await;
        // As for `require`: the head is usually sent before the rejection, and can be sent after it.
        if response.status == 403 {
            assert_denied(&response);
        } else {
            assert_eq!(response.status, 200, "{mode:?}");
            assert_eq!(reply(&response)["error"], error(), "{mode:?}");
        }
        assert_eq!(runs.load(Ordering::SeqCst), 0, "{mode:?}");
    }
}
