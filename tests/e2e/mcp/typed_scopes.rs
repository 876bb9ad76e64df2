//! Tools whose policies are scopes of a vocabulary.

use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::Mcp;
use requires_auth::requires_auth;
use requires_auth::testing::AuthorizationServer;
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde_json::{Value, json};

use super::test_server::{
    MODES, RESOURCE, message, meta, post, reply, resource_server, serve_mcp, text,
};
use crate::assert_challenged;
use crate::typed_scopes::JournalScope;

#[derive(Clone)]
struct Journal;

#[tool_router]
impl Journal {
    #[requires_auth(scopes = JournalScope::EntriesRead)]
    #[tool]
    async fn list_entries(&self) -> String {
        "typed".to_owned()
    }

    #[requires_auth(scopes = "entries:read")]
    #[tool]
    async fn literal(&self) -> String {
        "literal".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for Journal {}

#[tokio::test]
async fn calls_and_lists_apply_what_a_scope_implies() {
    // R-I8, R-J9
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = Mcp::builder(&server, || Ok(Journal))
        .declare_tools(&Journal::tool_router())
        .filter_lists()
        .build()
        .unwrap();
    let address = serve_mcp(&mcp).await;
    let send = async |scopes: &str, method: &str, mut params: Value| -> Response {
        let token =
            authorization_server.mint().subject("alice").audience(RESOURCE).scopes(scopes).issue();
        let mode = MODES[0];
        let mut request = post()
            .header("mcp-protocol-version", mode.revision)
            .header("mcp-method", method)
            .bearer(&token);
        if let Some(name) = params["name"].as_str() {
            request = request.header("mcp-name", name);
        }
        params["_meta"] = meta(mode);
        request.json(&message(method, &params)).send(address).await
    };
    let call = async |scopes: &str, tool: &str| {
        send(scopes, "tools/call", json!({ "name": tool, "arguments": {} })).await
    };
    for enough in ["entries:read", "entries:write", "admin"] {
        assert_eq!(text(&call(enough, "list_entries").await), "typed", "{enough}");
    }
    for (scopes, tool) in [("tags:read", "list_entries"), ("admin", "literal")] {
        let response = call(scopes, tool).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "entries:read");
    }

    for (scopes, listed) in [
        ("tags:read", vec![]),
        ("admin", vec!["list_entries"]),
        ("entries:read", vec!["list_entries", "literal"]),
    ] {
        let reply = reply(&send(scopes, "tools/list", json!({})).await);
        let tools = reply["result"]["tools"].as_array().unwrap();
        let mut names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, listed, "{scopes}: {reply}");
        for tool in tools.iter().filter(|tool| tool["name"] == "list_entries") {
            let policy = json!({
                "scopes": ["entries:read"],
                "implied_by": { "entries:read": ["entries:write", "admin"] },
            });
            assert_eq!(tool["_meta"]["requires-auth/authorization"], policy);
        }
    }
}
