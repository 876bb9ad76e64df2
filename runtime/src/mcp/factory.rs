//! Where the guarded handlers of one MCP server come from.

use std::io;
use std::sync::Arc;

use ::rmcp::ServerHandler;
use ::rmcp::handler::server::router::tool::ToolRouter;

use super::handler::McpHandler;
use super::state::McpState;
use super::stdio::StdioCredentials;

/// Makes handlers, and holds what all of them share.
pub(super) struct HandlerFactory<H> {
    pub(super) state: Arc<McpState>,
    pub(super) factory: MakeHandler<H>,
    /// The tools that are called through this router, not by the handler's own `call_tool`.
    pub(super) tools: ToolRouter<H>,
}

pub(super) type MakeHandler<H> = Box<dyn Fn() -> io::Result<H> + Send + Sync>;

impl<H: ServerHandler> HandlerFactory<H> {
    pub(super) fn make(
        self: &Arc<Self>,
        credentials: Option<StdioCredentials>,
    ) -> io::Result<McpHandler<H>> {
        let handler = (self.factory)()?;
        // The SDK moves a handler about, so it is kept small.
        let credentials = credentials.map(Box::new);
        Ok(McpHandler { handler, factory: Arc::clone(self), credentials })
    }
}
