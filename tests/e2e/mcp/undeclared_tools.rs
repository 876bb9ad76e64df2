//! A guarded tool that is not declared to the layer is rejected, and a warning is logged.

use fixtures::log_capture::LogCapture;
use requires_auth::mcp::Mcp;
use requires_auth::testing::AuthorizationServer;
use serde_json::json;

use super::test_server::{
    MODES, RESOURCE, TestServer, message, meta, post, reply, resource_server, serve_mcp,
};

#[tokio::test]
async fn an_undeclared_guard_rejects_and_warns() {
    // R-I4
    let log = LogCapture::default();
    let _logging = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = Mcp::builder(&server, || Ok(TestServer::default()));
    let mcp = mcp.allow_anonymous().build().unwrap();
    let address = serve_mcp(&mcp).await;
    let token = authorization_server.mint().audience(RESOURCE).scopes("other").issue();

    let mut params = json!({ "name": "write", "arguments": {}, "_meta": meta(MODES[0]) });
    let modern = post()
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "write")
        .json(&message("tools/call", &params))
        .bearer(&token)
        .send(address)
        .await;
    crate::assert_challenged(&modern, 403, fixtures::rejection_body::INSUFFICIENT_SCOPE, "write");

    params["_meta"] = json!({});
    let initialize = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    let initialize = post().json(&message("initialize", &initialize)).bearer(&token);
    let session = initialize.send(address).await;
    let session = session.header("mcp-session-id").unwrap();
    let request = |body: &str| {
        let request = post().header("mcp-protocol-version", "2025-11-25").json(body);
        request.header("mcp-session-id", session).bearer(&token)
    };
    request(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).send(address).await;
    let earlier = request(&message("tools/call", &params)).send(address).await;
    if earlier.status != 403 {
        assert_eq!(reply(&earlier)["error"]["data"]["scope"], "write");
    }

    params["_meta"] = meta(MODES[0]);
    let nobody = post()
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "write")
        .json(&message("tools/call", &params))
        .send(address)
        .await;
    crate::assert_challenged(&nobody, 401, fixtures::rejection_body::UNAUTHORIZED, "write");

    let lines = log.lines();
    let warnings: Vec<_> = lines.iter().filter(|line| line.contains("is unknown to")).collect();
    assert_eq!(warnings.len(), 3, "{lines:?}");
    assert!(warnings.iter().all(|line| line.contains("WARN") && line.contains("name=\"write\"")));
    assert!(lines.iter().all(|line| !line.contains(&token)), "{lines:?}");
}
