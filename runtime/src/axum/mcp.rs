//! A protected MCP server as routes.

use std::sync::Arc;

use ::axum::Router;
use ::rmcp::ServerHandler;
use ::rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use ::rmcp::transport::streamable_http_server::session::SessionManager;

use super::routes::routes;
use crate::mcp::Mcp;

impl<H: ServerHandler> Mcp<H> {
    /// The protected server at the path of the resource identifier, and its metadata at the well-known
    /// path, with the scopes of the tools, prompts and resources. It replaces
    /// [`ResourceServer::metadata_routes`](crate::ResourceServer::metadata_routes).
    pub fn routes<S, M>(&self, sessions: Arc<M>, config: StreamableHttpServerConfig) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
        M: SessionManager,
    {
        let server = self.server();
        let path = match server.identifier().path() {
            "" => "/",
            path => path,
        };
        Router::new()
            .route_service(path, self.service(sessions, config))
            .merge(routes(server.metadata_path(), &self.metadata()))
    }
}
