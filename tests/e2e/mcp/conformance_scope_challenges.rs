//! The checks of the scenario `sep-2350-server-scope-challenge` of the MCP conformance suite, which no release has yet
//! (modelcontextprotocol/conformance, issue 480 and pull request 481).
//!
//! A valid token without the scopes of an operation gets a 403 that names all of them in one challenge, and the same
//! operation succeeds with a token that has them. The operations, scopes and tokens are those of the scenario. There
//! are four checks of each operation; a failure names the check by its id there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::{Mcp, UriVariables, authorize};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Condition, requires_auth};
use rmcp::model::{
    PromptMessage, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
    ResourceContents, Role, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, prompt, prompt_handler, prompt_router, tool,
    tool_handler, tool_router,
};
use serde_json::{Value, json};

use super::test_server::{MODES, Mode, RESOURCE, RunningServer, reply, resource_server};
use crate::assert_challenged;
use crate::service::METADATA;

/// A valid token that has the scope `mcp:conformance:baseline` alone.
const LOW: &str = "mcp-conformance-scope-low";

/// A valid token with the scopes of all operations.
const FULL: &str = "mcp-conformance-scope-full";

const READ: Condition = Condition::Scope("mcp:conformance:resources:read");

const STATIC_TEXT: Condition =
    Condition::All(&[READ, Condition::Scope("mcp:conformance:resources:static")]);

const TEMPLATE: &str = "test://template/{id}/data";

/// The scope of each instance of the template.
fn scopes_of(variables: &UriVariables) -> Condition {
    match variables.get("id") {
        Some("123") => Condition::Scope("mcp:conformance:resources:template:123"),
        Some("124") => Condition::Scope("mcp:conformance:resources:template:124"),
        _ => Condition::Any(&[]),
    }
}

/// It counts the operations that have run.
#[derive(Clone, Default)]
struct ConformanceServer {
    runs: Arc<AtomicUsize>,
}

impl ConformanceServer {
    fn run(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
    }
}

#[tool_router]
impl ConformanceServer {
    #[requires_auth(scopes = "mcp:conformance:tools:call mcp:conformance:tools:test_simple_text")]
    #[tool]
    async fn test_simple_text(&self) -> String {
        self.run();
        "a simple text".to_owned()
    }
}

#[prompt_router]
impl ConformanceServer {
    #[requires_auth(
        scopes = "mcp:conformance:prompts:get mcp:conformance:prompts:test_simple_prompt"
    )]
    #[prompt]
    async fn test_simple_prompt(&self) -> Vec<PromptMessage> {
        self.run();
        vec![PromptMessage::new_text(Role::User, "a simple prompt")]
    }
}

#[tool_handler]
#[prompt_handler]
impl ServerHandler for ConformanceServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder();
        let capabilities = capabilities.enable_tools().enable_prompts().enable_resources();
        ServerConfig::new(capabilities.build())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let text = match UriVariables::parse(TEMPLATE, &request.uri) {
            Some(variables) => {
                authorize(&context, READ)?.require_condition(scopes_of(&variables))?;
                format!("the data of {}", variables.get("id").expect("it is in the template"))
            }
            None => {
                authorize(&context, STATIC_TEXT)?;
                "a static text".to_owned()
            }
        };
        self.run();
        Ok(ReadResourceResult::new(vec![ResourceContents::text(text, request.uri)]).into())
    }
}

/// An operation of the scenario, with both of its scopes.
struct Operation {
    label: &'static str,
    method: &'static str,
    params: Value,
    scopes: &'static str,
    /// The result without its `_meta` and its members for caches.
    result: Value,
}

fn operations() -> [Operation; 4] {
    let resource = |uri: &str, text: &str| {
        let contents = json!([{ "uri": uri, "mimeType": "text/plain", "text": text }]);
        (json!({ "uri": uri }), json!({ "contents": contents }))
    };
    let (static_text, static_result) = resource("test://static-text", "a static text");
    let (template, template_result) = resource("test://template/123/data", "the data of 123");
    let message = json!({
        "role": "user",
        "content": { "type": "text", "text": "a simple prompt" },
    });
    [
        Operation {
            label: "Tool",
            method: "tools/call",
            params: json!({ "name": "test_simple_text" }),
            scopes: "mcp:conformance:tools:call mcp:conformance:tools:test_simple_text",
            result: json!({
                "content": [{ "type": "text", "text": "a simple text" }],
                "isError": false,
            }),
        },
        Operation {
            label: "StaticResource",
            method: "resources/read",
            params: static_text,
            scopes: "mcp:conformance:resources:read mcp:conformance:resources:static",
            result: static_result,
        },
        Operation {
            label: "TemplateResource",
            method: "resources/read",
            params: template,
            scopes: "mcp:conformance:resources:read mcp:conformance:resources:template:123",
            result: template_result,
        },
        Operation {
            label: "Prompt",
            method: "prompts/get",
            params: json!({ "name": "test_simple_prompt" }),
            scopes: "mcp:conformance:prompts:get mcp:conformance:prompts:test_simple_prompt",
            result: json!({ "messages": [message] }),
        },
    ]
}

/// The responses to one operation: to the token without its scopes, and to the one with them.
struct Responses {
    low: Response,
    full: Response,
}

/// What a check asserts. The first argument names it in a failure.
type Assert = fn(&str, &Operation, &Responses);

/// The checks of each operation: the id of the check in the scenario, the end of its name, and what it asserts.
const CHECKS: [(&str, &str, Assert); 4] = [
    // R-I3
    ("server-scope-challenge-http-403", "ScopeChallengeHttp403", |check, _, responses| {
        assert_eq!(responses.low.status, 403, "{check}: {:?}", responses.low);
    }),
    // R-B2, R-I3
    (
        "server-scope-challenge-www-authenticate",
        "ScopeChallengeWwwAuthenticate",
        |check, _, responses| {
            let [challenge] = &responses.low.all("www-authenticate")[..] else {
                panic!("{check}: {:?}", responses.low)
            };
            for expected in ["Bearer error=\"insufficient_scope\", ", METADATA] {
                assert!(challenge.contains(expected), "{check}: {challenge}");
            }
        },
    ),
    // R-I3, R-I20: and the whole response.
    (
        "sep-2350-server-single-challenge",
        "ScopeChallengeCompleteScopeSet",
        |check, operation, responses| {
            let challenges = responses.low.all("www-authenticate").join(", ");
            let scope = format!(" scope=\"{}\",", operation.scopes);
            assert!(challenges.contains(&scope), "{check}: {challenges}");
            assert_challenged(&responses.low, 403, body::INSUFFICIENT_SCOPE, operation.scopes);
        },
    ),
    // R-I3
    (
        "server-scope-challenge-upgraded-retry",
        "ScopeChallengeUpgradedRetry",
        |check, operation, responses| {
            assert_eq!(responses.full.challenge(), None, "{check}");
            let reply = reply(&responses.full);
            assert_eq!(reply.get("error"), None, "{check}");
            for (member, expected) in operation.result.as_object().unwrap() {
                assert_eq!(reply["result"][member], *expected, "{check}: {reply}");
            }
        },
    ),
];

async fn start(mode: Mode) -> (RunningServer, ConformanceServer) {
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let handler = ConformanceServer::default();
    let make = handler.clone();
    let mcp = Mcp::builder(&server, move || Ok(make.clone()))
        .declare_tools(&ConformanceServer::tool_router())
        .declare_prompts(&ConformanceServer::prompt_router())
        .resource("test://static-text", STATIC_TEXT)
        .resource_with_scopes_from(TEMPLATE, READ, scopes_of)
        .build()
        .unwrap();
    let scopes = operations().map(|operation| operation.scopes).join(" ");
    for (token, scopes) in [(LOW, "mcp:conformance:baseline"), (FULL, &scopes)] {
        let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
        assert_eq!(mint.scopes(scopes).token(token).issue(), token);
    }
    (RunningServer::of(authorization_server, &mcp, mode).await, handler)
}

#[tokio::test]
async fn each_operation_passes_the_checks_of_the_scenario() {
    // R-I3, R-I20: the scenario has revision 2026-07-28 alone, and the checks hold in each.
    for mode in MODES {
        let (server, handler) = start(mode).await;
        for (nth, operation) in operations().iter().enumerate() {
            let send = |token| server.send(token, operation.method, operation.params.clone());
            let low = send(LOW).await;
            assert_eq!(handler.runs.load(Ordering::SeqCst), nth, "{}", operation.label);
            let responses = Responses { low, full: send(FULL).await };
            assert_eq!(handler.runs.load(Ordering::SeqCst), nth + 1, "{}", operation.label);
            for (id, name, check) in CHECKS {
                let check_name = format!("{id}/{}{name}, {mode:?}", operation.label);
                check(&check_name, operation, &responses);
            }
        }
    }
}

#[tokio::test]
async fn each_instance_of_the_template_has_its_own_scope() {
    // R-I20
    for mode in MODES {
        let (server, handler) = start(mode).await;
        let read =
            async |uri: &str| server.send(FULL, "resources/read", json!({ "uri": uri })).await;
        let of_124 = "mcp:conformance:resources:read mcp:conformance:resources:template:124";
        let other = read("test://template/124/data").await;
        assert_challenged(&other, 403, body::INSUFFICIENT_SCOPE, of_124);
        let none = read("test://template/125/data").await;
        let of_125 = "mcp:conformance:resources:read";
        assert_challenged(&none, 403, body::INSUFFICIENT_SCOPE, of_125);
        assert_eq!(handler.runs.load(Ordering::SeqCst), 0, "{mode:?}");
        let encoded = reply(&read("test://template/%31%32%33/data").await);
        assert_eq!(encoded["result"]["contents"][0]["text"], "the data of 123", "{mode:?}");
    }
}
