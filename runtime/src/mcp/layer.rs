//! The tower layer in front of the SDK's HTTP service.

use std::sync::Arc;

use tower_layer::Layer;

use super::service::McpService;
use super::state::McpState;

/// Wraps the SDK's HTTP service in a [`McpService`]; made by [`Mcp::layer`](super::Mcp::layer).
#[derive(Debug, Clone)]
pub struct McpLayer {
    state: Arc<McpState>,
}

impl McpLayer {
    pub(super) fn new(state: Arc<McpState>) -> Self {
        Self { state }
    }
}

impl<S> Layer<S> for McpLayer {
    type Service = McpService<S>;

    fn layer(&self, inner: S) -> McpService<S> {
        McpService::new(inner, Arc::clone(&self.state))
    }
}
