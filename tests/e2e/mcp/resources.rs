//! Every method that reads a declared resource needs the scopes of that resource.

use std::sync::Arc;
use std::time::Duration;

use fixtures::http_server::serve;
use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::Condition;
use requires_auth::mcp::Mcp;
use requires_auth::testing::AuthorizationServer;
use rmcp::model::{
    CustomRequest, CustomResult, GetSkillRequestParams, GetSkillResult, ListResourcesResult,
    ListSkillsResult, PaginatedRequestParams, ReadResourceDirectoryRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerCapabilities,
    ServerConfig, SubscriptionFilter,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

use super::test_server::{
    MODES, RESOURCE, RunningServer, message, meta, post, reply, resource_server, serve_mcp,
};
use crate::assert_challenged;

/// Returns a result for every method.
pub struct Library;

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities =
            ServerCapabilities::builder().enable_resources().enable_resources_subscribe().build();
        let skills = json!({ "directoryRead": true }).as_object().cloned().unwrap();
        capabilities.extensions =
            Some([("io.modelcontextprotocol/skills".to_owned(), skills)].into_iter().collect());
        ServerConfig::new(capabilities)
    }

    async fn read_resource(
        &self,
        _: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(ReadResourceResult::new(Vec::new()).into())
    }

    async fn read_resource_directory(
        &self,
        _: ReadResourceDirectoryRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::default())
    }

    async fn list_skills(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListSkillsResult, ErrorData> {
        Ok(ListSkillsResult::default())
    }

    async fn get_skill(
        &self,
        _: GetSkillRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetSkillResult, ErrorData> {
        Err(ErrorData::internal_error("it was read", None))
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        Ok(CustomResult(json!({ "custom": request.method })))
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        context.cancelled().await;
        Ok(())
    }
}

#[tokio::test]
async fn a_skill_is_read_with_the_scopes_of_its_resource() {
    // R-I16
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = Mcp::builder(&server, || Ok(Library))
        .resource("skill://{name}/SKILL.md", Condition::Scope("skills:read"))
        .build()
        .unwrap();
    let mint = |scopes: &str| {
        authorization_server.mint().subject("alice").audience(RESOURCE).scopes(scopes).issue()
    };
    let (poor, rich) = (mint("other"), mint("skills:read"));
    for sessions in [false, true] {
        for json in [false, true] {
            let mut config = StreamableHttpServerConfig::default();
            config.legacy_session_mode = sessions;
            config.json_response = json;
            let routes = mcp.routes(Arc::new(LocalSessionManager::default()), config);
            let address = serve(routes).await;
            let send = async |token: &str, version: &str, method: &str| -> Response {
                let params = json!({ "uri": "skill://a/SKILL.md", "_meta": meta(MODES[0]) });
                let request = post()
                    .header("mcp-protocol-version", version)
                    .header("mcp-method", method)
                    // The SDK does not compare it for all of these.
                    .header("mcp-name", "skill://a/SKILL.md");
                request.json(&message(method, &params)).bearer(token).send(address).await
            };
            for method in ["resources/read", "resources/directory/read", "skills/get"] {
                for version in ["2026-07-28", "2025-11-25"] {
                    let rejected = send(&poor, version, method).await;
                    assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "skills:read");
                }
                let read = reply(&send(&rich, "2026-07-28", method).await);
                let error = &read["error"]["message"];
                assert!(read["result"].is_object() || error == "it was read", "{method} {read}");
            }
            let listed = reply(&send(&poor, "2026-07-28", "skills/list").await);
            assert!(listed["result"].is_object(), "names are for everybody: {listed}");
        }
    }
}

#[tokio::test]
async fn a_method_of_the_protocol_is_no_method_of_the_handler() {
    // R-I16: the SDK passes a request with malformed parameters to the handler as a custom method.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let mcp = Mcp::builder(&resource_server(&authorization_server), || Ok(Library));
    let address = serve_mcp(&mcp.build().unwrap()).await;
    let token = authorization_server.mint().subject("alice").audience(RESOURCE).issue();
    for (method, name, mut params) in [
        ("tasks/get", "5", json!({ "taskId": 5 })),
        ("tasks/update", "a", json!({ "taskId": "a", "inputResponses": 1 })),
        ("tools/call", "a", json!({ "name": "a", "arguments": [] })),
        ("prompts/get", "a", json!({ "name": "a", "arguments": [] })),
        ("own/method", "", json!({ "taskId": 5 })),
    ] {
        params["_meta"] = meta(MODES[0]);
        let request = post()
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .header("mcp-name", name)
            .json(&message(method, &params));
        let response = request.bearer(&token).send(address).await;
        if method == "own/method" {
            assert_eq!(reply(&response)["result"]["custom"], method);
            continue;
        }
        let rejected: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(
            (response.status, rejected),
            (
                404,
                json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32601, "message": method } })
            ),
            "{method}"
        );
    }
}

#[tokio::test]
async fn one_request_names_a_bounded_number_of_resources() {
    // R-I13
    let mcp_server = RunningServer::start(MODES[0]).await;
    let token = mcp_server.token("papers:read");
    let listen = |uris: usize| {
        let uris: Vec<String> = (0..uris).map(|id| format!("desk://papers/{id}")).collect();
        let filter = json!({ "notifications": { "resourceSubscriptions": uris } });
        mcp_server.request("subscriptions/listen", filter)
    };
    let rejected = listen(101).bearer(&token).send(mcp_server.address).await;
    let body = r#"{"error":{"code":-32600,"message":"the request names more resources than this server accepts in one"},"id":null,"jsonrpc":"2.0"}"#;
    assert_eq!((rejected.status, rejected.body.as_str()), (400, body));
    assert_eq!(rejected.header("content-type"), Some("application/json"));
    assert_eq!(rejected.header("cache-control"), Some("no-store"));
    // A request within the limit is authorized.
    let poor = mcp_server.token("other");
    let rejected = listen(100).bearer(&poor).send(mcp_server.address).await;
    assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "papers:read");
    let missing = listen(101).send(mcp_server.address).await;
    assert_eq!(missing.status, 401, "its body is not read");
}

#[tokio::test]
async fn a_subscription_ends_with_its_token() {
    // R-I15: over a real connection; the cases are in the unit tests.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let mcp = Mcp::builder(&resource_server(&authorization_server), || Ok(Library));
    let address = serve_mcp(&mcp.build().unwrap()).await;
    let token = authorization_server.mint().subject("alice").audience(RESOURCE).issue();
    let params = json!({
        "notifications": { "resourceSubscriptions": ["skill://a/SKILL.md"] },
        "_meta": meta(MODES[0]),
    });
    let request = post()
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "subscriptions/listen")
        .json(&message("subscriptions/listen", &params))
        .bearer(&token);
    let stream = tokio::spawn(async move { request.send(address).await });
    // The stream has started, and its token is resolved again while no event is sent.
    tokio::time::timeout(Duration::from_secs(20), async {
        while authorization_server.introspections() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the token is resolved again");
    assert!(!stream.is_finished());
    authorization_server.revoke(&token);
    let stream = stream.await.unwrap();
    assert_eq!(stream.status, 200);
    assert!(stream.body.contains("notifications/subscriptions/acknowledged"), "{stream:?}");
}
