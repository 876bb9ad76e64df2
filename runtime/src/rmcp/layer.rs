//! The layer in front of the SDK's HTTP service: it authenticates every request, and refuses an
//! operation that the token has no scopes for while the answer can still have a status.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use super::identity::Identity;
use super::operation::{Announced, announced};
use super::refused::Refused;
use super::setup::Setup;
use super::{envelope, operation::Operation};
use crate::AuthInfo;

/// Puts a [`McpGuard`] in front of the SDK's HTTP service; made by [`Mcp::layer`](super::Mcp::layer).
#[derive(Debug, Clone)]
pub struct McpLayer(pub(super) Arc<Setup>);

impl<S> Layer<S> for McpLayer {
    type Service = McpGuard<S>;

    fn layer(&self, inner: S) -> McpGuard<S> {
        McpGuard { inner, setup: Arc::clone(&self.0) }
    }
}

/// The SDK's HTTP service behind its guard.
#[derive(Debug, Clone)]
pub struct McpGuard<S> {
    inner: S,
    setup: Arc<Setup>,
}

/// The body that is passed on: as it comes, or as it was read.
pub type Forwarded<B> = Either<B, Full<Bytes>>;

/// The body of an answer: that of the service, or of a refusal.
pub type Answered<B> = Either<B, Full<Bytes>>;

impl<S, B, R> Service<Request<B>> for McpGuard<S>
where
    S: Service<Request<Forwarded<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: Send + 'static,
{
    type Response = Response<Answered<R>>;
    type Error = S::Error;
    type Future = McpFuture<Self::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one that is called.
        let unready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, unready);
        let setup = Arc::clone(&self.setup);
        // The head is large, so it stays where it is until it is passed on.
        let (mut head, body) = request.into_parts();
        McpFuture(Box::pin(async move {
            let (body, identity) = match setup.admit(&mut head, body).await {
                Ok(admitted) => admitted,
                Err(refused) => return Ok(refused.to_response().map(Either::Right)),
            };
            let response = inner.call(Request::from_parts(head, body)).await?;
            Ok(setup.answer(response, &identity))
        }))
    }
}

/// The answer of a [`McpGuard`], on its way.
pub struct McpFuture<R, E>(Pin<Box<dyn Future<Output = Result<R, E>> + Send>>);

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

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

impl Setup {
    /// The request with its caller, as the SDK gets it.
    async fn admit<B>(
        self: &Arc<Self>,
        parts: &mut Parts,
        body: B,
    ) -> Result<(Forwarded<B>, Arc<Identity>), Refused>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let announced = match parts.method {
            Method::POST => announced(&parts.headers).map_err(|_| Refused::RepeatedHeader)?,
            // A stream, or the end of a session.
            _ => Announced::Headers(Operation::Other),
        };
        let asked = match &announced {
            Announced::Headers(operation) => self.catalogue.requirements(operation).next(),
            Announced::Body => None,
        };
        let demand = asked.map_or(self.initial, |asked| asked.demand);
        let caller = self.server.identify(&parts.headers, demand).await?;
        if caller.is_none() && !self.anonymous {
            return Err(self.server.missing_token(demand).into());
        }
        let (operation, body) = match announced {
            Announced::Headers(operation) => (operation, Either::Left(body)),
            Announced::Body => {
                let body = read(body, self.largest_body).await?;
                let operation = envelope::operation(&body, self.max_resources)?;
                (operation, Either::Right(Full::new(body)))
            }
        };
        self.decide(&operation, caller.as_ref())?;
        if let Some(id) = self.session(&parts.headers, caller.as_ref())?
            && let Some(sealed) = parts.headers.get_mut(SESSION_ID)
        {
            *sealed = id;
        }
        // The SDK hands the request's head to the functions, and logs it where asked to.
        if let Some(credentials) = parts.headers.get_mut(AUTHORIZATION) {
            credentials.set_sensitive(true);
        }
        let identity = Identity::new(self, operation, caller);
        parts.extensions.insert(Arc::clone(&identity));
        Ok((body, identity))
    }

    /// The SDK's id of the session that the request belongs to.
    fn session(
        &self,
        headers: &HeaderMap,
        caller: Option<&AuthInfo>,
    ) -> Result<Option<HeaderValue>, Refused> {
        let mut sealed = headers.get_all(SESSION_ID).iter();
        let Some(id) = sealed.next() else { return Ok(None) };
        if sealed.next().is_some() {
            return Err(Refused::RepeatedHeader);
        }
        let id = id.to_str().ok().and_then(|sealed| self.seal.open(sealed, caller));
        let id = id.and_then(|id| HeaderValue::from_str(id).ok());
        id.map(Some).ok_or(Refused::UnknownSession)
    }

    /// The answer of the SDK, or the refusal that a function has left in the meantime.
    fn answer<R>(&self, response: Response<R>, identity: &Identity) -> Response<Answered<R>> {
        if let Some(refused) = identity.refusal() {
            return refused.to_response::<Full<Bytes>>().map(Either::Right);
        }
        let mut response = response.map(Either::Left);
        let id = response.headers().get(SESSION_ID).and_then(|id| id.to_str().ok());
        let sealed = id.map(|id| self.seal.seal(id, identity.caller.as_ref()));
        if let Some(sealed) = sealed.and_then(|sealed| HeaderValue::try_from(sealed).ok()) {
            response.headers_mut().insert(SESSION_ID, sealed);
        }
        response
    }
}

/// Reads a body up to a bound.
async fn read<B>(body: B, longest: usize) -> Result<Bytes, Refused>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut body = std::pin::pin!(body);
    // Most bodies come in one piece, which needs no copy.
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.as_mut().frame().await {
        // The client is gone, or breaks the protocol.
        let frame = frame.map_err(|_| Refused::Unreadable)?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > longest.saturating_sub(first.len().max(whole.len())) {
            return Err(Refused::TooLarge);
        }
        if first.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

#[cfg(test)]
mod tests {
    use http_body::Frame;

    use super::*;

    /// A body that comes in these pieces.
    struct Pieces(std::slice::Iter<'static, &'static str>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(
                self.0.next().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))),
            )
        }
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_the_bound_in_however_many_pieces() {
        // R-I3
        let cases: [(&[&str], &str); 5] = [
            (&[], ""),
            (&["abc"], "abc"),
            (&["", "a", "", "b", "c"], "abc"),
            (&["ab", "c"], "abc"),
            (&["a", "bc", ""], "abc"),
        ];
        for (pieces, whole) in cases {
            for longest in 0..5 {
                let read = read(Pieces(pieces.iter()), longest).await;
                if longest < whole.len() {
                    assert!(matches!(read, Err(Refused::TooLarge)), "{pieces:?} {longest}");
                } else {
                    assert_eq!(read.unwrap(), whole, "{pieces:?} {longest}");
                }
            }
        }
    }
}
