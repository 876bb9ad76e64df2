//! Tools that require more of a token than scopes.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::{Mcp, authorize};
use requires_auth::testing::{AuthorizationServer, Mint};
use requires_auth::{
    AuthInfo, AuthorizationDetail, AuthorizationDetails, Condition, DetailType, Rejection,
    Requirement, TokenRequirement, requires_auth,
};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents,
    ServerCapabilities, ServerConfig,
};
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::test_server::{
    MODES, Mode, RESOURCE, RunningServer, message, meta, post, reply, resource_server, serve_mcp,
    text,
};
use crate::service::METADATA;
use crate::{assert_challenged, assert_denied};

#[derive(Debug, Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Payment {
    recipient: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Transfer {
    recipient: String,
}

#[derive(Clone)]
struct Bank;

#[tool_router]
#[requires_auth(scopes = "pay", acr_values = "phr phrh", max_age = 300)]
impl Bank {
    /// With what the block requires
    #[tool]
    async fn limit(&self, auth: AuthInfo) -> String {
        format!("{:?}", auth.acr())
    }

    /// With a payment to the recipient
    #[requires_auth(
        scopes = "pay",
        authorization_details = Payment,
        scopes_from = scopes_of(transfer),
        when = granted.iter().any(|it| it.recipient == transfer.recipient)
    )]
    #[tool]
    async fn pay(
        &self,
        granted: AuthorizationDetails<Payment>,
        Parameters(transfer): Parameters<Transfer>,
    ) -> Result<String, Rejection> {
        Ok(format!("{} by {}", transfer.recipient, granted.len()))
    }

    /// With a token that is bound to its holder
    #[requires_auth(sender_constrained)]
    #[tool]
    async fn bound(&self) -> String {
        "bound".to_owned()
    }
}

fn scopes_of(transfer: &Transfer) -> &'static str {
    if transfer.recipient == "carol" { "pay:abroad" } else { "pay" }
}

#[tool_handler]
impl ServerHandler for Bank {}

struct Running {
    address: SocketAddr,
    authorization_server: AuthorizationServer,
    metadata: Value,
}

impl Running {
    async fn start() -> Self {
        Self::with(Bank, &Bank::tool_router()).await
    }

    async fn with<H: ServerHandler + Clone>(handler: H, router: &ToolRouter<H>) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = resource_server(&authorization_server);
        let mcp = Mcp::builder(&server, move || Ok(handler.clone()))
            .declare_tools(router)
            .filter_lists()
            .build()
            .unwrap();
        let metadata = serde_json::to_value(mcp.metadata()).unwrap();
        let address = serve_mcp(&mcp).await;
        Self { address, authorization_server, metadata }
    }

    fn mint(&self, scopes: &str) -> Mint<'_> {
        self.authorization_server.mint().subject("alice").audience(RESOURCE).scopes(scopes)
    }

    async fn send(&self, mode: Mode, token: Mint<'_>, method: &str, params: Value) -> Response {
        let mut request = post().header("mcp-protocol-version", mode.revision);
        let mut params = params;
        if mode.is_modern() {
            request = request.header("mcp-method", method);
            if let Some(name) = params["name"].as_str() {
                request = request.header("mcp-name", name);
            }
            params["_meta"] = meta(mode);
        }
        request.bearer(&token.issue()).json(&message(method, &params)).send(self.address).await
    }

    async fn call(&self, mode: Mode, token: Mint<'_>, tool: &str, arguments: Value) -> Response {
        self.send(mode, token, "tools/call", json!({ "name": tool, "arguments": arguments })).await
    }
}

/// A revision of each lifecycle. The older one has sessions: a call without one is rejected by the SDK, behind the layer.
const REVISIONS: [Mode; 2] = [MODES[0], MODES[4]];

#[track_caller]
fn assert_login_challenged(response: &Response) {
    let challenge = format!(
        "Bearer error=\"insufficient_user_authentication\", error_description=\"This operation needs a stronger or more \
         recent login of the user\", scope=\"pay\", acr_values=\"phr phrh\", max_age=\"300\", {METADATA}"
    );
    assert_eq!((response.status, response.challenge()), (401, Some(challenge.as_str())));
    assert!(response.body.starts_with(r#"{"error":"insufficient_user_authentication""#));
}

fn seconds_ago(seconds: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_call_is_challenged_before_the_tool_runs() {
    // R-H3, R-H7, R-H4
    let bank = Running::start().await;
    for mode in REVISIONS {
        let strong = |scopes| bank.mint(scopes).acr("phr").auth_time(seconds_ago(5));
        let called = bank.call(mode, strong("pay"), "limit", json!({})).await;
        if mode.is_modern() {
            assert_eq!(text(&called), r#"Some("phr")"#);
        } else {
            assert_eq!((called.status, called.challenge()), (400, None), "it reaches the SDK");
        }
        let old = strong("pay").auth_time(seconds_ago(330));
        for weak in [bank.mint("pay"), strong("pay").acr("pwd"), old, bank.mint("")] {
            assert_login_challenged(&bank.call(mode, weak, "limit", json!({})).await);
        }
        let called = bank.call(mode, strong(""), "limit", json!({})).await;
        assert_challenged(&called, 403, body::INSUFFICIENT_SCOPE, "pay");

        let detail = json!([{ "type": "payment_initiation", "recipient": "bob" }]);
        let with = |scopes| bank.mint(scopes).claim("authorization_details", detail.clone());
        let to = |recipient: &str| json!({ "recipient": recipient });
        if mode.is_modern() {
            assert_eq!(text(&bank.call(mode, with("pay"), "pay", to("bob")).await), "bob by 1");
            let called = bank.call(mode, with("pay"), "pay", to("eve")).await;
            assert_denied(&called);
        }
        let called = bank.call(mode, bank.mint("pay"), "pay", to("bob")).await;
        assert_eq!((called.status, called.challenge()), (403, None));
        assert!(called.body.starts_with(r#"{"error":"insufficient_authorization_details""#));
        let called = bank.call(mode, with("pay"), "pay", to("carol")).await;
        assert_challenged(&called, 403, body::INSUFFICIENT_SCOPE, "pay pay:abroad");

        let called = bank.call(mode, bank.mint(""), "bound", json!({})).await;
        assert_eq!((called.status, called.body.as_str()), (401, body::INVALID_TOKEN));
        assert!(called.all("www-authenticate")[0].starts_with("DPoP algs="));
        assert_eq!(called.all("www-authenticate").len(), 1);
    }
}

#[tokio::test]
async fn a_list_shows_the_tools_whose_requirements_the_token_meets() {
    // R-I6, R-H3, R-H7
    let bank = Running::start().await;
    let detail = json!([{ "type": "payment_initiation", "recipient": "bob" }]);
    let strong = || bank.mint("pay").acr("phrh").auth_time(seconds_ago(5));
    for (token, expected) in [
        (bank.mint("pay"), &[][..]),
        (strong(), &["limit"]),
        (strong().auth_time(seconds_ago(330)), &[]),
        (bank.mint("pay").claim("authorization_details", detail.clone()), &["pay"]),
        (bank.mint("").claim("authorization_details", detail.clone()), &[]),
        (strong().claim("authorization_details", detail.clone()), &["limit", "pay"]),
    ] {
        let list = reply(&bank.send(MODES[0], token, "tools/list", json!({})).await);
        let tools = list["result"]["tools"].as_array().unwrap();
        let mut names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
        for tool in tools {
            let policy = &tool["_meta"]["requires-auth/authorization"];
            let expected = match tool["name"].as_str() {
                Some("limit") => {
                    json!({ "scopes": ["pay"], "acr_values": ["phr", "phrh"], "max_age": 300 })
                }
                _ => json!({
                    "scopes": ["pay"],
                    "authorization_details": ["payment_initiation"],
                    "depends_on_arguments": true,
                }),
            };
            assert_eq!(*policy, expected);
        }
    }
    // The metadata lists what the tools declare.
    let types = &bank.metadata["authorization_details_types_supported"];
    assert_eq!(*types, json!(["payment_initiation"]));
    assert_eq!(bank.metadata["scopes_supported"], json!(["pay"]));
}

#[derive(Debug, Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Abroad {
    #[expect(dead_code, reason = "only read")]
    bic: String,
}

/// Two tools with one policy, except for the members of the details.
#[derive(Clone)]
struct TwoTypes;

#[tool_router]
impl TwoTypes {
    /// With a payment
    #[requires_auth(authorization_details = Payment)]
    #[tool]
    async fn domestic(&self) -> String {
        "domestic".to_owned()
    }

    /// With a payment abroad
    #[requires_auth(authorization_details = Abroad)]
    #[tool]
    async fn abroad(&self) -> String {
        "abroad".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for TwoTypes {}

#[tokio::test]
async fn two_types_with_one_name_are_those_of_their_tools() {
    // R-I6, R-H7
    let bank = Running::with(TwoTypes, &TwoTypes::tool_router()).await;
    for (member, tool, other) in
        [("recipient", "domestic", "abroad"), ("bic", "abroad", "domestic")]
    {
        let detail = json!([{ "type": "payment_initiation", member: "x" }]);
        let token = || bank.mint("").claim("authorization_details", detail.clone());
        let list = reply(&bank.send(MODES[0], token(), "tools/list", json!({})).await);
        let tools = list["result"]["tools"].as_array().unwrap();
        let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        assert_eq!(names, [tool]);
        assert_eq!(text(&bank.call(MODES[0], token(), tool, json!({})).await), tool);
        for mode in REVISIONS {
            let called = bank.call(mode, token(), other, json!({})).await;
            assert_eq!((called.status, called.challenge()), (403, None), "{mode:?}");
        }
    }
    let types = &bank.metadata["authorization_details_types_supported"];
    assert_eq!(*types, json!(["payment_initiation"]));
}

const BOUND: TokenRequirement = TokenRequirement::NONE.sender_constrained();
const RECENT: TokenRequirement =
    TokenRequirement::NONE.acr_values(&["phr", "phrh"]).max_age(Duration::from_secs(300));
const TYPES: &[DetailType] = &[DetailType::of::<Payment>()];
const PAYMENT: TokenRequirement = TokenRequirement::NONE.authorization_details(TYPES);
const LOGIN: Requirement = Requirement::new(Condition::Scope("pay"), &RECENT);

/// It decides about one resource itself.
#[derive(Clone)]
struct Vault;

impl ServerHandler for Vault {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_resources().build())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if request.uri == "bank://by-hand" {
            authorize(&context, LOGIN)?;
        }
        Ok(ReadResourceResult::new(vec![ResourceContents::text("read", request.uri)]).into())
    }
}

#[tokio::test]
async fn a_resource_requires_more_of_a_token_than_scopes() {
    // R-I16, R-H3, R-H4, R-H7
    for mode in MODES {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = resource_server(&authorization_server);
        let mcp = Mcp::builder(&server, || Ok(Vault))
            .resource("bank://limits", LOGIN)
            .resource("bank://bound", &BOUND)
            .resource("bank://{account}/payments", &PAYMENT)
            .build()
            .unwrap();
        let types = &mcp.metadata().authorization_details_types_supported;
        assert_eq!(*types, ["payment_initiation"]);
        let server = RunningServer::of(authorization_server, &mcp, mode).await;
        let mint = |scopes: &str| {
            let mint = server.authorization_server.mint().subject("alice").audience(RESOURCE);
            mint.scopes(scopes).acr("phr").auth_time(seconds_ago(5))
        };
        let read = async |token: Mint<'_>, uri: &str| {
            server.send(&token.issue(), "resources/read", json!({ "uri": uri })).await
        };
        let weak =
            || [mint("pay").acr("pwd"), mint("pay").auth_time(seconds_ago(400)), mint("").acr("")];
        for token in weak() {
            assert_login_challenged(&read(token, "bank://limits").await);
        }
        for token in weak() {
            let response = read(token, "bank://by-hand").await;
            if mode.is_modern() || mode.json {
                assert_login_challenged(&response);
            } else {
                // The response has begun.
                let error = &reply(&response)["error"];
                assert_eq!(error["code"], -32010, "{mode:?}");
                let code = &error["data"]["error"];
                assert_eq!(code, "insufficient_user_authentication", "{mode:?}");
            }
        }
        let response = read(mint(""), "bank://limits").await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "pay");

        let response = read(mint("pay"), "bank://bound").await;
        assert_eq!((response.status, response.body.as_str()), (401, body::INVALID_TOKEN));
        assert!(response.all("www-authenticate")[0].starts_with("DPoP algs="), "{mode:?}");
        assert_eq!(response.all("www-authenticate").len(), 1, "{mode:?}");

        let response = read(mint("pay"), "bank://a/payments").await;
        assert_eq!((response.status, response.challenge()), (403, None), "{mode:?}");
        assert!(response.body.starts_with(r#"{"error":"insufficient_authorization_details""#));

        let detail = json!([{ "type": "payment_initiation", "recipient": "bob" }]);
        let rich = || mint("pay").claim("authorization_details", detail.clone());
        for uri in ["bank://limits", "bank://by-hand", "bank://a/payments"] {
            let contents = &reply(&read(rich(), uri).await)["result"]["contents"];
            assert_eq!(contents[0]["text"], "read", "{mode:?} {uri}");
        }
    }
}

#[tokio::test]
async fn a_resource_with_a_class_that_a_challenge_cannot_contain_does_not_build() {
    // R-H3, R-B2
    const UNQUOTABLE: TokenRequirement = TokenRequirement::NONE.acr_values(&["phr", "a b"]);
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = Mcp::builder(&server, || Ok(Vault)).resource("bank://limits", &UNQUOTABLE).build();
    let error = mcp.unwrap_err().to_string();
    assert!(error.contains("`acr_values`") && error.contains("a b"), "{error}");
}
