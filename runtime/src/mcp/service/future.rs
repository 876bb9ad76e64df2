//! The future of the layer's service.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The future of [`McpService`](crate::mcp::McpService).
///
/// It is boxed: resolving a token is asynchronous, and that future has no name.
pub struct McpFuture<R, E>(Pin<Box<dyn Future<Output = Result<R, E>> + Send>>);

impl<R, E> McpFuture<R, E> {
    pub(super) fn new(future: impl Future<Output = Result<R, E>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<R, E> Future for McpFuture<R, E> {
    type Output = Result<R, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<R, E> fmt::Debug for McpFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("McpFuture(..)")
    }
}
