//! Scopes whose name in a token is not the one that a client requests.

use fixtures::raw_http::Request;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Introspection, ResourceServer};
use serde_json::{Value, json};

use super::test_server::{MODES, RESOURCE, RunningServer, reply};
use crate::requested_scopes::PREFIX;
use crate::service::METADATA;

async fn start(mode: super::test_server::Mode) -> RunningServer {
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.unwrap())
        .scopes_supported(["openid", "read"])
        .requested_scope_prefix(PREFIX)
        .build()
        .unwrap();
    let filtered = |mcp: requires_auth::mcp::McpBuilder<_>| mcp.filter_lists();
    RunningServer::with_resource_server(authorization_server, &server, mode, filtered).await
}

#[tokio::test]
async fn lists_metadata_and_challenges_name_scopes_as_clients_request_them() {
    // R-B10, R-I6, R-I19
    for mode in MODES {
        let mcp_server = start(mode).await;
        let token = mcp_server.token("read write papers:read");
        let list = async |method: &'static str, member: &'static str| {
            let response = mcp_server.send(&token, method, json!({})).await;
            reply(&response)["result"][member].clone()
        };
        let advertised = |list: &Value, name: &str| -> Value {
            let one = list.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
            one["_meta"]["requires-auth/authorization"].clone()
        };
        let (read, write) = ("api://app-id/read", "api://app-id/write");
        let tools = list("tools/list", "tools").await;
        for (tool, expected) in [
            ("any_token", json!({ "scopes": [] })),
            ("read", json!({ "scopes": [read] })),
            ("a choice", json!({ "scopes": [{ "any": ["api://app-id/admin", [read, write]] }] })),
            ("optional", json!({ "scopes": [read], "optional": true })),
            ("open", Value::Null),
        ] {
            assert_eq!(advertised(&tools, tool), expected, "{tool}");
        }
        // R-I19
        let read_tool = tools.as_array().unwrap().iter().find(|tool| tool["name"] == "read");
        let schemes = &read_tool.unwrap()["_meta"]["securitySchemes"];
        assert_eq!(schemes, &json!([{ "type": "oauth2", "scopes": [read] }]));
        let prompts = list("prompts/list", "prompts").await;
        let papers = "api://app-id/papers:read";
        assert_eq!(advertised(&prompts, "compose"), json!({ "scopes": [read, papers] }));

        // The names in tokens decide.
        let response = mcp_server.call(&token, "read", json!({ "text": "x" })).await;
        assert_eq!(super::test_server::text(&response), "alice may: x");
        let other = mcp_server.token("api://app-id/read");
        let response = mcp_server.call(&other, "read", json!({ "text": "x" })).await;
        let challenge = response.challenge().unwrap();
        assert!(challenge.contains(&format!("scope=\"{read}\", {METADATA}")), "{challenge}");
    }
}

#[tokio::test]
async fn initial_scopes_and_metadata_have_each_scope_once() {
    // R-B10, R-I1
    let mcp_server = start(MODES[0]).await;
    let response = mcp_server.initialize().send(mcp_server.address).await;
    let scope = "openid api://app-id/read api://app-id/admin api://app-id/notes:read \
                 api://app-id/papers:read api://app-id/write";
    let challenge = format!("Bearer scope=\"{scope}\", {METADATA}");
    assert_eq!((response.status, response.challenge()), (401, Some(&*challenge)));
    let path = "/.well-known/oauth-protected-resource/v1";
    let document = Request::get(path).send(mcp_server.address).await.body;
    let document: Value = serde_json::from_str(&document).unwrap();
    let supported: Vec<&str> = scope.split(' ').collect();
    assert_eq!(document["scopes_supported"], json!(supported));
}
