//! R-K8 for tools: a caller that is extracted beside the guard belongs to it.

use requires_auth::mcp::Mcp;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{AuthInfo as Auth, requires_auth};
use rmcp::model::ErrorData;
use rmcp::{tool, tool_router};
use serde_json::json;

use super::test_server::{MODES, RESOURCE, message, meta, post, resource_server, serve_mcp};

struct Tools;

#[tool_router(server_handler)]
impl Tools {
    #[requires_auth(scopes = "read")]
    #[tool(description = "Require more than the attribute")]
    async fn further(&self, auth: Auth) -> Result<String, ErrorData> {
        auth.require("more")?;
        Ok(String::new())
    }
}

#[tokio::test]
async fn the_challenge_of_a_tool_names_the_scopes_of_its_attribute_too() {
    // R-K8, R-B3
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mcp = Mcp::builder(&server, || Ok(Tools)).tool_router(Tools::tool_router());
    let mcp = mcp.build().unwrap();
    let address = serve_mcp(&mcp).await;
    let token = authorization_server.mint().audience(RESOURCE).scopes("read").issue();
    let params = json!({ "name": "further", "arguments": {}, "_meta": meta(MODES[0]) });
    let response = post()
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "further")
        .json(&message("tools/call", &params))
        .bearer(&token)
        .send(address)
        .await;
    crate::assert_challenged(
        &response,
        403,
        fixtures::rejection_body::INSUFFICIENT_SCOPE,
        "read more",
    );
    assert_eq!(authorization_server.introspections(), 1);
}
