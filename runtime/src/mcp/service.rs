//! The service of the layer: it authenticates and authorizes each request before the SDK's service gets
//! it, while the response can still have any status.

mod future;
mod inbound;
mod outbound;

use std::error::Error;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

pub use future::McpFuture;

use self::future::Call;
use super::body::{RequestBody, ResponseBody};
use super::state::McpState;
use crate::layer::Authentication;
use crate::request::NonceSlot;

/// The SDK's HTTP service behind the layer; made by [`McpLayer`](super::McpLayer).
#[derive(Debug, Clone)]
pub struct McpService<S> {
    inner: S,
    state: Arc<McpState>,
}

impl<S> McpService<S> {
    pub(super) fn new(inner: S, state: Arc<McpState>) -> Self {
        Self { inner, state }
    }
}

impl<S, B, R> Service<Request<B>> for McpService<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone,
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = McpFuture<S, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> McpFuture<S, B> {
        let (mut head, body) = request.into_parts();
        let source = match inbound::operation_source(&head) {
            Ok(source) => source,
            Err(error) => return McpFuture::rejected(error),
        };
        let settings = inbound::authentication_settings(&self.state, &source);
        let nonce = NonceSlot::open(&self.state.server, &mut head.extensions);
        let authentication = Authentication::begin(&settings, &mut head);
        // The service that was polled ready must be the one that is called, not its clone.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let call = Call { head, inner, state: Arc::clone(&self.state) };
        McpFuture::new(authentication, source, call, body, nonce)
    }
}

#[cfg(test)]
mod tests;
