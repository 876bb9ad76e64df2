//! Stale claims that may be used for some scopes only, while the authorization server is unavailable.

use std::time::Duration;

use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Fault, ManualClock};
use requires_auth::{Cached, Introspection, ResourceServer};
use serde_json::{Value, json};

use super::stdio::StdioClient;
use super::test_server::{MODES, RESOURCE, RunningServer, TestServer, guarded, text};

/// A resource server that introspects the token of each request, and uses stale claims for the scope `read`.
fn resource_server(authorization_server: &AuthorizationServer) -> ResourceServer {
    // With a clock that stands still, an open circuit breaker stays open.
    let introspection = Introspection::builder(authorization_server.introspection_url())
        .clock(ManualClock::new())
        .without_retry();
    let cached = Cached::builder(introspection.build().unwrap())
        .ttl(Duration::ZERO)
        .stale_if_error(Duration::from_secs(600))
        .stale_scopes(["read"]);
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(cached.build().unwrap());
    server.build().unwrap()
}

#[tokio::test]
async fn stale_claims_satisfy_no_operation_that_needs_another_scope_or_none() {
    // R-E1
    for mode in MODES.into_iter().filter(|mode| !mode.has_sessions()) {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = resource_server(&authorization_server);
        let mcp_server =
            RunningServer::with_resource_server(authorization_server, &server, mode, |builder| {
                builder
            })
            .await;
        let token = mcp_server.token("read write");
        let read = async || mcp_server.call(&token, "read", json!({ "text": "x" })).await;
        assert_eq!(text(&read().await), "alice may: x");
        mcp_server.authorization_server.fault(Fault::status(500));
        assert_eq!(text(&read().await), "alice may: x");
        for tool in ["write", "any_token", "open"] {
            let response = mcp_server.call(&token, tool, json!({ "text": "x" })).await;
            assert_eq!((response.status, &*response.body), (503, body::UNAVAILABLE), "{tool}");
        }
        let response = mcp_server.send(&token, "tools/list", json!({})).await;
        assert_eq!((response.status, &*response.body), (503, body::UNAVAILABLE));
        assert_eq!(mcp_server.runs(), 2);
    }
}

#[tokio::test]
async fn stale_claims_satisfy_the_same_on_stdio() {
    // R-E1, R-I9
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
    let token = mint.scopes("read write").issue();
    let mcp = guarded(&resource_server(&authorization_server), TestServer::default());
    let mut client = StdioClient::to(mcp.build().unwrap().with_token(token).await.unwrap()).await;
    authorization_server.fault(Fault::status(500));
    let mut call = async |tool: &str| {
        let params = json!({ "name": tool, "arguments": { "text": "x" } });
        client.request("tools/call", params).await
    };
    assert_eq!(call("read").await["result"]["content"][0]["text"], "alice may: x");
    for tool in ["write", "any_token", "open"] {
        let response = call(tool).await;
        assert_eq!(response["error"]["data"]["error"], "temporarily_unavailable", "{response}");
        assert_eq!(response["result"], Value::Null);
    }
}
