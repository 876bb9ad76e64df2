//! Makes the handlers of one MCP server.

use std::io;
use std::sync::Arc;

use ::rmcp::ServerHandler;

use super::handler::{HandlerContext, McpHandler};
use super::stdio::StdioCredentials;

/// Makes one handler for each session, or for each request where there is no session.
pub(super) struct HandlerFactory<H> {
    pub(super) context: Arc<HandlerContext<H>>,
    pub(super) make: MakeHandler<H>,
}

/// The application's own function.
pub(super) type MakeHandler<H> = Box<dyn Fn() -> io::Result<H> + Send + Sync>;

impl<H: ServerHandler> HandlerFactory<H> {
    pub(super) fn make(&self, credentials: Option<StdioCredentials>) -> io::Result<McpHandler<H>> {
        Ok(McpHandler::new((self.make)()?, &self.context, credentials))
    }
}
