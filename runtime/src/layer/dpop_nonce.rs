//! A tower layer that provides nonces for DPoP proofs in successful responses.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::ResourceServer;
use crate::request::NonceSlot;

/// Adds `DPoP-Nonce` to the response when the nonce of the request's proof ends soon (RFC 9449 §8.2), so that the
/// client never gets a 401 for an old one. Such a response has `Cache-Control: no-store`, in place of another value.
/// [`ResourceServer::dpop_nonce_layer`] creates it.
#[derive(Debug, Clone)]
#[must_use = "a layer has no effect until a service is behind it"]
pub struct DpopNonceLayer {
    server: ResourceServer,
}

impl ResourceServer {
    /// A tower layer for a service whose functions have guards, where [`Dpop`](crate::Dpop) requires nonces: a guard sees no
    /// response, so this layer adds the next nonce to it. An [`AuthLayer`](crate::AuthLayer) and the layer of an MCP
    /// server do so by themselves.
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # fn app(server: requires_auth::ResourceServer, router: axum::Router<requires_auth::ResourceServer>) {
    /// let app = router.layer(server.dpop_nonce_layer()).with_state(server);
    /// # let _: axum::Router = app;
    /// # }
    /// ```
    pub fn dpop_nonce_layer(&self) -> DpopNonceLayer {
        DpopNonceLayer { server: self.clone() }
    }
}

impl<S> Layer<S> for DpopNonceLayer {
    type Service = DpopNonceService<S>;

    fn layer(&self, inner: S) -> DpopNonceService<S> {
        DpopNonceService { inner, server: self.server.clone() }
    }
}

/// A service behind a [`DpopNonceLayer`].
#[derive(Debug, Clone)]
pub struct DpopNonceService<S> {
    inner: S,
    server: ResourceServer,
}

impl<S, B, R> Service<Request<B>> for DpopNonceService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = DpopNonceFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> DpopNonceFuture<S::Future> {
        let nonce = NonceSlot::open(&self.server, request.extensions_mut());
        DpopNonceFuture { response: self.inner.call(request), nonce }
    }
}

pin_project! {
    /// The response to a request behind a [`DpopNonceLayer`].
    #[must_use = "futures do nothing unless polled"]
    pub struct DpopNonceFuture<F> {
        #[pin]
        response: F,
        nonce: Option<NonceSlot>,
    }
}

impl<F, R, E> Future for DpopNonceFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let projection = self.project();
        let mut response = ready!(projection.response.poll(context))?;
        if let Some(nonce) = projection.nonce {
            nonce.write(response.headers_mut());
        }
        Poll::Ready(Ok(response))
    }
}

impl<F> fmt::Debug for DpopNonceFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopNonceFuture").finish_non_exhaustive()
    }
}
