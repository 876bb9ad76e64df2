//! The lists, the policies in `_meta`, and the metadata.

use fixtures::raw_http::Request;
use requires_auth::mcp::McpBuilder;
use serde_json::{Value, json};

use super::test_server::{MODES, RunningServer, reply};

fn names(list: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_list_can_be_limited_to_what_the_caller_may_use() {
    // R-I6
    for mode in MODES {
        let mcp_server = RunningServer::with(mode, McpBuilder::filter_lists).await;
        for (scopes, tools, prompts) in [
            ("other", &["any_token", "logged", "open"][..], &["prompt_further"][..]),
            (
                "read",
                &["any_token", "further", "late", "logged", "open", "optional", "read"],
                &["prompt_further"],
            ),
            (
                "read write papers:read",
                &[
                    "a choice",
                    "any_token",
                    "detached",
                    "further",
                    "late",
                    "logged",
                    "open",
                    "optional",
                    "read",
                    "silent",
                    "write",
                ],
                &["compose", "prompt_further"],
            ),
        ] {
            let token = mcp_server.token(scopes);
            for (method, member, expected) in
                [("tools/list", "tools", tools), ("prompts/list", "prompts", prompts)]
            {
                let list =
                    reply(&mcp_server.send(&token, method, json!({})).await)["result"].clone();
                assert_eq!(names(&list[member]), expected, "{mode:?} {scopes}");
                let private = mode.is_modern().then_some("private");
                assert_eq!(list["cacheScope"].as_str(), private, "{mode:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_anonymous_caller_sees_only_what_is_public_or_optional() {
    // R-I6
    let mcp_server =
        RunningServer::with(MODES[1], |mcp| mcp.allow_anonymous().filter_lists()).await;
    for (method, member, expected) in
        [("tools/list", "tools", &["open", "optional"][..]), ("prompts/list", "prompts", &[])]
    {
        let list = reply(&mcp_server.request(method, json!({})).send(mcp_server.address).await);
        assert_eq!(names(&list["result"][member]), expected, "{method}");
    }
}

#[tokio::test]
async fn a_list_without_a_filter_shows_everything() {
    // R-I6
    let mcp_server = RunningServer::start(MODES[0]).await;
    let list = reply(&mcp_server.send(&mcp_server.token("other"), "tools/list", json!({})).await);
    assert_eq!(names(&list["result"]["tools"]).len(), 11);
    assert_eq!(list["result"]["cacheScope"], "public", "it is the same for all");
}

#[tokio::test]
async fn each_tool_and_prompt_advertises_its_scopes() {
    // R-I6
    let mcp_server = RunningServer::start(MODES[0]).await;
    let token = mcp_server.token("other");
    let advertised = |list: &Value, name: &str| -> Value {
        let one = list.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        one["_meta"]["requires-auth/authorization"].clone()
    };
    let tools =
        reply(&mcp_server.send(&token, "tools/list", json!({})).await)["result"]["tools"].clone();
    for (tool, expected) in [
        ("any_token", json!({ "scopes": [] })),
        ("read", json!({ "scopes": ["read"] })),
        ("write", json!({ "scopes": ["write"] })),
        ("silent", json!({ "scopes": ["read", "write"] })),
        ("a choice", json!({ "scopes": [{ "any": ["admin", ["read", "write"]] }] })),
        ("optional", json!({ "scopes": ["read"], "optional": true })),
        ("open", Value::Null),
    ] {
        assert_eq!(advertised(&tools, tool), expected, "{tool}");
    }
    let prompts = reply(&mcp_server.send(&token, "prompts/list", json!({})).await);
    let prompts = &prompts["result"]["prompts"];
    assert_eq!(advertised(prompts, "compose"), json!({ "scopes": ["read", "papers:read"] }));
}

#[tokio::test]
async fn each_tool_lists_its_security_schemes() {
    // R-I19
    let oauth2 = |scopes: &[&str]| json!({ "type": "oauth2", "scopes": scopes });
    let noauth = json!({ "type": "noauth" });
    for mode in MODES {
        for (anonymous, open) in [(false, Value::Null), (true, json!([noauth]))] {
            let mcp_server =
                RunningServer::with(
                    mode,
                    |mcp| {
                        if anonymous { mcp.allow_anonymous() } else { mcp }
                    },
                );
            let mcp_server = mcp_server.await;
            let token = mcp_server.token("other");
            let list = reply(&mcp_server.send(&token, "tools/list", json!({})).await);
            let tools = list["result"]["tools"].as_array().unwrap();
            for (tool, expected) in [
                ("any_token", json!([oauth2(&[])])),
                ("read", json!([oauth2(&["read"])])),
                ("silent", json!([oauth2(&["read", "write"])])),
                ("a choice", json!([oauth2(&["admin"])])),
                ("optional", json!([noauth, oauth2(&["read"])])),
                ("open", open),
            ] {
                let tool = tools.iter().find(|one| one["name"] == tool).unwrap();
                assert_eq!(tool["_meta"]["securitySchemes"], expected, "{mode:?} {tool}");
            }
            let prompts = reply(&mcp_server.send(&token, "prompts/list", json!({})).await);
            assert!(!prompts.to_string().contains("securitySchemes"), "tools alone have them");
        }
    }
}

#[tokio::test]
async fn the_metadata_lists_the_scopes_of_the_code() {
    // R-I1, R-I2
    let mcp_server = RunningServer::start(MODES[0]).await;
    let path = "/.well-known/oauth-protected-resource/v1";
    let response = Request::get(path).send(mcp_server.address).await;
    let metadata: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(
        metadata,
        json!({
            "resource": super::test_server::RESOURCE,
            "authorization_servers": [mcp_server.authorization_server.issuer()],
            "scopes_supported": ["admin", "notes:read", "papers:read", "read", "write"],
            "bearer_methods_supported": ["header"],
            "dpop_bound_access_tokens_required": false,
            "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "ES384", "PS256", "RS256"],
        })
    );
}
