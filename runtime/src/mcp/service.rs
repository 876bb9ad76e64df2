//! The service of the layer: it authenticates and authorizes each request before the SDK's service gets
//! it, while the response can still have any status.

mod future;
mod inbound;
mod outbound;

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

pub use future::McpFuture;

use super::body::{RequestBody, ResponseBody};
use super::state::McpState;

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
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = McpFuture<Self::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready must be the one that is called, so the clone stays here.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let state = Arc::clone(&self.state);
        // The head is large: it is changed in place and moved only once.
        let (mut head, body) = request.into_parts();
        McpFuture::new(async move {
            let (body, context) = match inbound::process(&state, &mut head, body).await {
                Ok(passed) => passed,
                Err(error) => return Ok(error.to_response().map(ResponseBody::layer)),
            };
            let response = inner.call(Request::from_parts(head, body)).await?;
            Ok(outbound::process(&state, response, context))
        })
    }
}

#[cfg(test)]
mod tests;
