//! The layer in front of the SDK's HTTP service: it authenticates every request, and refuses an
//! operation that the token has no scopes for while the answer can still have a status.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Either, Full};
use serde_json::Value;
use tokio::time::timeout;
use tower_layer::Layer;
use tower_service::Service;

use super::authenticated_request::AuthenticatedRequest;
use super::body_timeout::TimedBody;
use super::declared_policy::grants;
use super::event_ids::EventIdRewriter;
use super::event_stream::{EventStream, is_event_stream, is_readable};
use super::layer_error::LayerError;
use super::operation::{OperationSource, operation_source};
use super::state::McpState;
use super::stream_guard::StreamGuard;
use super::{jsonrpc, operation::Operation};
use crate::AuthInfo;

/// Puts a [`McpService`] in front of the SDK's HTTP service; made by [`Mcp::layer`](super::Mcp::layer).
#[derive(Debug, Clone)]
pub struct McpLayer(pub(super) Arc<McpState>);

impl<S> Layer<S> for McpLayer {
    type Service = McpService<S>;

    fn layer(&self, inner: S) -> McpService<S> {
        McpService { inner, state: Arc::clone(&self.0) }
    }
}

/// The SDK's HTTP service behind its guard.
#[derive(Debug, Clone)]
pub struct McpService<S> {
    inner: S,
    state: Arc<McpState>,
}

/// The body that is passed on: as it comes, if it comes in time, or as it was read.
pub type RequestBody<B> = Either<TimedBody<B>, Full<Bytes>>;

/// The body of an answer: that of the service, an event stream of it, or a refusal.
pub type ResponseBody<B> = Either<B, Either<EventStream<B>, Full<Bytes>>>;

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
        // The service that was polled ready is the one that is called.
        let unready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, unready);
        let state = Arc::clone(&self.state);
        // The head is large, so it stays where it is until it is passed on.
        let (mut head, body) = request.into_parts();
        McpFuture(Box::pin(async move {
            let (body, admitted) = match state.admit(&mut head, body).await {
                Ok(admitted) => admitted,
                Err(refused) => return Ok(refusal(refused.to_response())),
            };
            let response = inner.call(Request::from_parts(head, body)).await?;
            Ok(state.answer(response, admitted))
        }))
    }
}

/// The answer of a [`McpService`], on its way.
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
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A request that was passed on, as far as its answer depends on it.
struct Authentication {
    authenticated: Arc<AuthenticatedRequest>,
    /// The SDK's id of its session.
    session: Option<HeaderValue>,
    /// The scopes of the stream that it resumes.
    resumed: Vec<Value>,
}

fn refusal<B>(response: Response<Full<Bytes>>) -> Response<ResponseBody<B>> {
    response.map(|body| Either::Right(Either::Right(body)))
}

impl McpState {
    /// The request with its caller, as the SDK gets it.
    async fn admit<B>(
        self: &Arc<Self>,
        parts: &mut Parts,
        body: B,
    ) -> Result<(RequestBody<B>, Authentication), LayerError>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let source = match parts.method {
            Method::POST => {
                operation_source(&parts.headers).map_err(|_| LayerError::RepeatedHeader)?
            }
            // A stream, or the end of a session.
            _ => OperationSource::Headers(Operation::Other),
        };
        let asked = match &source {
            OperationSource::Headers(operation) => self.registry.requirements(operation).next(),
            OperationSource::Body => None,
        };
        let requirement = asked.map_or(self.initial, |asked| asked.requirement);
        let caller = self.server.authenticated_caller(parts.into(), requirement).await?;
        if caller.is_none() && !self.anonymous {
            return Err(self.server.reject_missing_token(requirement).into());
        }
        let (operation, body) = match source {
            OperationSource::Headers(operation) => (operation, Either::Left(body)),
            OperationSource::Body => {
                let body = timeout(self.body_timeout, read(body, self.max_body_length));
                let body = body.await.map_err(|_| LayerError::BodyTimeout)??;
                let operation = jsonrpc::operation(&body, self.max_resources)?;
                (operation, Either::Right(Full::new(body)))
            }
        };
        self.decide(&operation, caller.as_ref())?;
        let session = self.session(&parts.headers, caller.as_ref())?;
        let event = self.last_event(&parts.headers, caller.as_ref(), session.as_ref())?;
        if let Some(id) = &session {
            parts.headers.insert(SESSION_ID, id.clone());
        }
        let resumed = event.map_or_else(Vec::new, |(id, scopes)| {
            parts.headers.insert(LAST_EVENT_ID, id);
            scopes
        });
        // The SDK hands the request's head to the functions, and logs it where asked to.
        if let Some(credentials) = parts.headers.get_mut(AUTHORIZATION) {
            credentials.set_sensitive(true);
        }
        let authenticated = AuthenticatedRequest::new(self, operation, caller);
        parts.extensions.insert(Arc::clone(&authenticated));
        let body = match body {
            Either::Left(body) => {
                Either::Left(TimedBody::new(body, self.body_timeout, &authenticated))
            }
            Either::Right(body) => Either::Right(body),
        };
        Ok((body, Authentication { authenticated, session, resumed }))
    }

    /// The SDK's id of the session that the request belongs to.
    fn session(
        &self,
        headers: &HeaderMap,
        caller: Option<&AuthInfo>,
    ) -> Result<Option<HeaderValue>, LayerError> {
        let mut sealed = headers.get_all(SESSION_ID).iter();
        let Some(id) = sealed.next() else { return Ok(None) };
        if sealed.next().is_some() {
            return Err(LayerError::RepeatedHeader);
        }
        let id = id.to_str().ok().and_then(|sealed| self.seal.open(sealed, caller));
        let id = id.and_then(|id| HeaderValue::from_str(id).ok());
        id.map(Some).ok_or(LayerError::SessionNotFound)
    }

    /// The event store's id of the event that the request resumes a stream behind, with the scopes of
    /// that stream. Whatever is there instead is not one of this caller.
    fn last_event(
        &self,
        headers: &HeaderMap,
        caller: Option<&AuthInfo>,
        session: Option<&HeaderValue>,
    ) -> Result<Option<(HeaderValue, Vec<Value>)>, LayerError> {
        let mut sealed = headers.get_all(LAST_EVENT_ID).iter();
        let Some(id) = sealed.next() else { return Ok(None) };
        let session = session.and_then(|id| id.to_str().ok());
        let opened = self.seal.open_event(id.as_bytes(), caller, session);
        let opened = opened.filter(|_| sealed.next().is_none()).filter(|(_, scopes)| {
            caller.is_none_or(|caller| scopes.iter().all(|each| grants(caller.scopes(), each)))
        });
        let opened =
            opened.and_then(|(id, scopes)| Some((HeaderValue::from_bytes(id).ok()?, scopes)));
        opened.map(Some).ok_or(LayerError::EventNotFound)
    }

    /// The answer of the SDK, or the refusal that a function has left in the meantime.
    fn answer<R>(
        &self,
        mut response: Response<R>,
        admitted: Authentication,
    ) -> Response<ResponseBody<R>> {
        let Authentication { authenticated, session, resumed } = admitted;
        if let Some(refused) = authenticated.refusal() {
            return refusal(refused.to_response());
        }
        if authenticated.has_timed_out() {
            return refusal(LayerError::BodyTimeout.to_response());
        }
        let caller = authenticated.caller.as_ref();
        let begun = response.headers().get(SESSION_ID).cloned();
        let begins = begun.is_some();
        if let Some(id) = begun.as_ref().and_then(|id| id.to_str().ok())
            && let Ok(sealed) = HeaderValue::try_from(self.seal.seal(id, caller))
        {
            response.headers_mut().insert(SESSION_ID, sealed);
        }
        if !is_event_stream(response.headers()) {
            return response.map(Either::Left);
        }
        let mut scopes = authenticated.scopes();
        scopes.extend(resumed);
        let session = begun.or(session);
        let session = session.as_ref().and_then(|id| id.to_str().ok());
        // The SDK gives the answer that begins a session an id which no event store has assigned, so
        // the store may have assigned the same one to another caller's event.
        let seal = || (!begins).then(|| self.seal.events(caller, session, &scopes)).flatten();
        let ids = is_readable(response.headers()).then(|| EventIdRewriter::new(seal()));
        let guard = caller.map(|caller| StreamGuard::new(&self.server, caller.clone(), scopes));
        // It is not known any more.
        response.headers_mut().remove(CONTENT_LENGTH);
        response.map(|body| Either::Right(Either::Left(EventStream::new(body, ids, guard))))
    }
}

/// Reads a body up to a bound.
async fn read<B>(body: B, longest: usize) -> Result<Bytes, LayerError>
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
        let frame = frame.map_err(|_| LayerError::BodyUnreadable)?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > longest.saturating_sub(first.len().max(whole.len())) {
            return Err(LayerError::BodyTooLarge);
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
    use std::convert::Infallible;
    use std::time::Duration;

    use ::rmcp::ServerHandler;
    use http::StatusCode;
    use http_body::Frame;
    use http_body_util::BodyExt;

    use super::*;
    use crate::mcp::Mcp;
    use crate::{AccessToken, Claims, ResolveError, Resolver, ResourceServer};

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
                    assert!(matches!(read, Err(LayerError::BodyTooLarge)), "{pieces:?} {longest}");
                } else {
                    assert_eq!(read.unwrap(), whole, "{pieces:?} {longest}");
                }
            }
        }
    }

    struct Handler;

    impl ServerHandler for Handler {}

    struct Anybody;

    impl Resolver for Anybody {
        async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
            Claims::from_introspection(br#"{"active":true,"sub":"a","aud":"https://a.example/"}"#)
        }
        fn cache_namespace(&self) -> String {
            String::new()
        }
    }

    /// Reads the body with a pause before each frame, and answers as the SDK does if that fails.
    #[derive(Clone, Default)]
    struct Reads {
        pause: Duration,
    }

    impl<B> Service<Request<B>> for Reads
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Send,
    {
        type Response = Response<Full<Bytes>>;
        type Error = Infallible;
        type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<B>) -> Self::Future {
            let pause = self.pause;
            Box::pin(async move {
                let mut response = Response::new(Full::default());
                let mut body = std::pin::pin!(request.into_body());
                loop {
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                    match body.frame().await {
                        Some(Ok(_)) => {}
                        Some(Err(_)) => {
                            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                            return Ok(response);
                        }
                        None => return Ok(response),
                    }
                }
            })
        }
    }

    /// One byte at a time, with so much time in between; the last one never comes if there are many.
    struct Slow {
        bytes: usize,
        every: Duration,
        timer: Option<Pin<Box<tokio::time::Sleep>>>,
    }

    impl Body for Slow {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let every = self.every;
            if !every.is_zero() {
                let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(every)));
                std::task::ready!(timer.as_mut().poll(context));
                self.timer = None;
            }
            let Some(left) = self.bytes.checked_sub(1) else { return Poll::Ready(None) };
            self.bytes = left;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b" ")))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_takes_too_long_is_refused() {
        // R-I3, R-I13: the deadline of an authenticated request, whoever reads its body.
        let server = ResourceServer::builder("https://a.example/")
            .authorization_server("https://as.example")
            .resolver(Anybody)
            .build()
            .unwrap();
        let second = Duration::from_secs(1);
        for (timeout, bytes, every, expected) in [
            (None, 28, second, 200),
            (None, 31, second, 408),
            // The deadline is one for all of the body, not for each piece.
            (None, 2, 20 * second, 408),
            (None, 1, 3600 * second, 408),
            (None, 3_000_000, second / 1000, 408),
            (Some(40 * second), 31, second, 200),
            (Some(second / 2), 1, second, 408),
            (Some(Duration::MAX), 3600, second, 200),
        ] {
            for modern in [false, true] {
                let mut builder = Mcp::builder(&server, || Ok(Handler));
                if let Some(timeout) = timeout {
                    builder = builder.body_timeout(timeout);
                }
                let mut service = builder.build().unwrap().layer().layer(Reads::default());
                let mut request = Request::post("/").header(AUTHORIZATION, "Bearer t");
                if modern {
                    request = request.header("mcp-protocol-version", "2026-07-28");
                    request = request.header("mcp-method", "tools/list");
                }
                let request = request.body(Slow { bytes, every, timer: None }).unwrap();
                let begun = tokio::time::Instant::now();
                let response = service.call(request).await.unwrap();
                let case = format!("{timeout:?} {bytes} {every:?} {modern}");
                assert_eq!(response.status(), expected, "{case}");
                if expected == 408 {
                    let most = timeout.unwrap_or(30 * second) + Duration::from_millis(5);
                    assert_timed_out(response, begun.elapsed(), most, &case).await;
                }
            }
        }
    }

    async fn assert_timed_out(
        response: Response<ResponseBody<Full<Bytes>>>,
        took: Duration,
        most: Duration,
        case: &str,
    ) {
        assert_eq!(response.status(), 408, "{case}");
        assert!(took <= most, "{case} {took:?}");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            body,
            r#"{"error":{"code":-32600,"message":"the body did not arrive in time"},"id":null,"jsonrpc":"2.0"}"#
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_reads_late_does_not_extend_the_deadline_of_the_body() {
        // R-I13: a body that never has to be waited for, and one that is first read after a while.
        let server = ResourceServer::builder("https://a.example/")
            .authorization_server("https://as.example")
            .resolver(Anybody)
            .build()
            .unwrap();
        let mcp = Mcp::builder(&server, || Ok(Handler)).build().unwrap();
        let second = Duration::from_secs(1);
        for (bytes, every, pause, expected) in [
            (25, Duration::ZERO, second, 200),
            (100, Duration::ZERO, second, 408),
            (1, 3600 * second, 20 * second, 408),
        ] {
            let mut service = mcp.layer().layer(Reads { pause });
            let request = Request::post("/")
                .header(AUTHORIZATION, "Bearer t")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/list")
                .body(Slow { bytes, every, timer: None })
                .unwrap();
            let begun = tokio::time::Instant::now();
            let response = service.call(request).await.unwrap();
            let case = format!("{bytes} {every:?} {pause:?}");
            assert_eq!(response.status(), expected, "{case}");
            if expected == 408 {
                let most = 30 * second + Duration::from_millis(5);
                assert_timed_out(response, begun.elapsed(), most, &case).await;
            }
        }
    }
}
