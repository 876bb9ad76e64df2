//! The SDK's HTTP service behind a pointer.

use std::convert::Infallible;
use std::fmt;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::rmcp::ServerHandler;
use ::rmcp::transport::streamable_http_server::StreamableHttpService;
use ::rmcp::transport::streamable_http_server::session::SessionManager;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::combinators::BoxBody;
use tower_service::Service;

/// The SDK's HTTP service behind a pointer. A clone of the SDK's service copies all of its settings, and
/// routers clone a service for each request.
pub struct SharedService<H, M>(Arc<StreamableHttpService<H, M>>);

impl<H, M> SharedService<H, M> {
    pub(super) fn new(service: StreamableHttpService<H, M>) -> Self {
        Self(Arc::new(service))
    }
}

type SdkResponse = Response<BoxBody<Bytes, Infallible>>;

impl<H, M, B> Service<Request<B>> for SharedService<H, M>
where
    H: ServerHandler,
    M: SessionManager,
    B: Body + Send + 'static,
    B::Error: Display,
    B::Data: Send + 'static,
{
    type Response = SdkResponse;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<SdkResponse, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = Arc::clone(&self.0);
        Box::pin(async move { Ok(service.handle(request).await) })
    }
}

impl<H, M> Clone for SharedService<H, M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H, M> fmt::Debug for SharedService<H, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedService").finish_non_exhaustive()
    }
}
