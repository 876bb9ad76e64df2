//! Tools that are called through a router that is created once, not through the handler.

use fixtures::rejection_body as body;
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::model::{CallToolResult, ContentBlock, Tool};
use serde_json::json;

use super::test_server::{MODES, RunningServer, TestServer, reply, text};
use crate::assert_challenged;

/// Another one than the handler makes for itself, so that it shows who is asked.
fn router() -> ToolRouter<TestServer> {
    let new = Tool::new("new", "Only here", std::sync::Arc::default());
    let new = ToolRoute::new_dyn(new, |_| {
        Box::pin(async { Ok(CallToolResult::success(vec![ContentBlock::text("new")]).into()) })
    });
    let mut router = TestServer::tool_router().with_route(new).with_disabled("any_token");
    router.remove_route("open");
    router
}

#[tokio::test]
async fn a_router_calls_its_tools_and_the_handler_all_others() {
    // R-I3, R-I5: whoever calls a tool, its guard decides.
    for mode in MODES {
        let mcp_server = RunningServer::with(mode, |mcp| mcp.tool_router(router())).await;
        let (token, other) = (mcp_server.token("read"), mcp_server.token("other"));
        let hello = || json!({ "text": "hello" });
        assert_eq!(
            text(&mcp_server.call(&token, "read", hello()).await),
            "alice may: hello",
            "{mode:?}"
        );
        assert_eq!(text(&mcp_server.call(&token, "new", json!({})).await), "new");
        assert_eq!(text(&mcp_server.call(&token, "open", json!({})).await), "anybody may");
        assert_eq!(mcp_server.runs(), 2);

        let off = reply(&mcp_server.call(&token, "any_token", json!({})).await);
        assert_eq!(off["error"]["message"], "tool not found");
        let rejected = mcp_server.call(&other, "read", hello()).await;
        assert_challenged(&rejected, 403, body::INSUFFICIENT_SCOPE, "read");
        assert_eq!(mcp_server.runs(), 2);
    }
}
