//! A protected MCP server.

use std::fmt;
use std::io;
use std::sync::Arc;

use ::rmcp::ServerHandler;
use ::rmcp::transport::streamable_http_server::session::SessionManager;
use ::rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService,
};
use tower_layer::Layer;

use super::factory::HandlerFactory;
use super::handler::McpHandler;
use super::layer::McpLayer;
use super::sdk_service::SharedService;
use super::service::McpService;
use super::state::McpState;
use super::stdio::{StdioCredentials, StdioError};
#[cfg(feature = "axum")]
use crate::ResourceServer;
use crate::{ProtectedResourceMetadata, Secret};

/// An MCP server whose tools, prompts and resources are protected.
pub struct Mcp<H>(Arc<HandlerFactory<H>>);

impl<H: ServerHandler> Mcp<H> {
    pub(super) fn new(factory: HandlerFactory<H>) -> Self {
        Self(Arc::new(factory))
    }

    pub(super) fn state(&self) -> &Arc<McpState> {
        &self.0.context.state
    }

    #[cfg(feature = "axum")]
    pub(crate) fn server(&self) -> &ResourceServer {
        &self.state().server
    }

    /// The protected server as an HTTP service.
    ///
    /// The SDK answers only requests whose host is allowed in its configuration, by default the hosts of
    /// the loopback interface. This adds the host of the resource identifier.
    pub fn service<M: SessionManager>(
        &self,
        sessions: Arc<M>,
        mut config: StreamableHttpServerConfig,
    ) -> McpService<SharedService<McpHandler<H>, M>> {
        // An empty list allows every host.
        if !config.allowed_hosts.is_empty() {
            config.allowed_hosts.push(self.state().server.identifier().host().to_owned());
        }
        let factory = Arc::clone(&self.0);
        let handler = move || factory.make(None);
        let service = StreamableHttpService::new(handler, sessions, config);
        self.layer().layer(SharedService::new(service))
    }

    /// The layer alone, for a service that you assemble yourself. Its handler must be one of
    /// [`handler`](Self::handler). Behind the layer alone, lists are not filtered, tasks have no owner,
    /// tools and prompts without a policy are called, and nothing checks that the layer belongs to the same
    /// resource server. What [`AuthInfo::require`](crate::AuthInfo::require) rejects is an error of JSON-RPC
    /// and no 403: only the handler gets the result of the function, which may return something else than the
    /// rejection. The same holds for routes in front of that handler, as in the SDK's `Router`.
    #[must_use]
    pub fn layer(&self) -> McpLayer {
        McpLayer::new(Arc::clone(self.state()))
    }

    /// A protected handler, for a service that you assemble yourself.
    ///
    /// # Errors
    /// If the application's function cannot make its handler.
    pub fn handler(&self) -> io::Result<McpHandler<H>> {
        self.0.make(None)
    }

    /// The protected server for stdio. Its caller is whoever has started the program; this environment
    /// variable holds the caller's access token.
    ///
    /// Each request resolves the token again, as over HTTP; a [`Cached`](crate::Cached) resolver makes that
    /// cheap.
    ///
    /// # Errors
    /// [`StdioError`] if there is no token or if it is rejected: at the start, rather than at every call.
    pub async fn stdio(&self, variable: &str) -> Result<McpHandler<H>, StdioError> {
        let token = std::env::var(variable)
            .map_err(|_| StdioError::NoToken { variable: variable.to_owned() })?;
        self.with_token(token).await
    }

    /// The protected server for a transport with a single caller, who has this access token.
    ///
    /// # Errors
    /// As [`stdio`](Self::stdio).
    pub async fn with_token(&self, token: impl Into<Secret>) -> Result<McpHandler<H>, StdioError> {
        let credentials = StdioCredentials::new(&token.into());
        credentials.authenticate(self.state()).await.map_err(StdioError::Rejected)?;
        self.0.make(Some(credentials)).map_err(StdioError::Handler)
    }

    /// The metadata of the resource server (RFC 9728 §2). Its `scopes_supported` are those of the
    /// resource server and all that the tools, prompts and resources declare.
    #[must_use]
    pub fn metadata(&self) -> ProtectedResourceMetadata {
        let server = &self.state().server;
        let mut metadata = server.metadata().clone();
        metadata.scopes_supported =
            self.state().registry.scopes_with(&metadata, server.requested_scopes());
        metadata.authorization_details_types_supported =
            self.state().registry.authorization_details_with(&metadata);
        metadata
    }
}

impl<H> Clone for Mcp<H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H> fmt::Debug for Mcp<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mcp").field("state", &self.0.context.state).finish_non_exhaustive()
    }
}
