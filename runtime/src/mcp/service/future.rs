//! The future of the layer's service.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Timeout, timeout};
use tower_service::Service;

use super::inbound::{self, ResponseContext};
use super::outbound;
use crate::layer::{Authentication, Step};
use crate::mcp::body::{ReadBody, RequestBody, ResponseBody};
use crate::mcp::jsonrpc;
use crate::mcp::layer_error::LayerError;
use crate::mcp::operation::{Operation, OperationSource};
use crate::mcp::state::McpState;
use crate::request::NonceSlot;
use crate::{AuthInfo, Rejection};

pin_project! {
    /// The response to a request behind an [`McpLayer`](crate::mcp::McpLayer).
    #[must_use = "futures do nothing unless polled"]
    pub struct McpFuture<S, B>
    where
        S: Service<Request<RequestBody<B>>>,
    {
        #[pin]
        state: State<S, B, S::Future>,
        nonce: Option<NonceSlot>,
    }
}

pin_project! {
    /// The states in their order. Each has an `Option` of what the next one takes, which is `None` after that.
    #[project = StateProjection]
    enum State<S, B, F> {
        Authenticating {
            step: Step,
            next: Option<(OperationSource, Call<S>, B)>,
        },
        // Only if the headers do not name the operation, or if its scopes depend on its arguments.
        Reading {
            #[pin]
            body: Timeout<ReadBody<B>>,
            next: Option<(OperationSource, Option<AuthInfo>, Call<S>)>,
        },
        Calling {
            #[pin]
            response: F,
            next: Option<(Arc<McpState>, ResponseContext)>,
        },
        Rejected {
            error: LayerError,
        },
    }
}

/// The head of a request, and the service that is ready for the request.
pub(super) struct Call<S> {
    pub(super) head: Parts,
    pub(super) inner: S,
    pub(super) state: Arc<McpState>,
}

impl<S, B> McpFuture<S, B>
where
    S: Service<Request<RequestBody<B>>>,
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn new(
        authentication: Authentication,
        source: OperationSource,
        call: Call<S>,
        body: B,
        nonce: Option<NonceSlot>,
    ) -> Self {
        Self { state: State::of(authentication, source, call, body), nonce }
    }

    pub(super) fn rejected(error: LayerError) -> Self {
        Self { state: State::Rejected { error }, nonce: None }
    }
}

impl<S, B> State<S, B, S::Future>
where
    S: Service<Request<RequestBody<B>>>,
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn of(authentication: Authentication, source: OperationSource, call: Call<S>, body: B) -> Self {
        match authentication {
            Authentication::Complete(caller) => Self::authenticated(caller, source, call, body),
            Authentication::Pending(step) => {
                Self::Authenticating { step, next: Some((source, call, body)) }
            }
        }
    }

    /// The state after *Authenticating*.
    fn authenticated(
        caller: Result<Option<AuthInfo>, Rejection>,
        source: OperationSource,
        call: Call<S>,
        body: B,
    ) -> Self {
        let caller = match caller {
            Ok(caller) => caller,
            Err(rejection) => return Self::Rejected { error: rejection.into() },
        };
        let needs_body = match &source {
            OperationSource::Headers(operation) => {
                inbound::needs_body(&call.state, operation, caller.as_ref())
            }
            OperationSource::Body => Ok(true),
        };
        match (needs_body, source) {
            (Err(error), _) => Self::Rejected { error },
            (Ok(false), OperationSource::Headers(operation)) => {
                call.authorize(caller, operation, None, |state, context| {
                    RequestBody::timed(body, state.body_timeout, &context.request)
                })
            }
            (Ok(_), source) => {
                let body = ReadBody::new(body, call.state.max_body_length);
                let body = timeout(call.state.body_timeout, body);
                Self::Reading { body, next: Some((source, caller, call)) }
            }
        }
    }

    /// The state after *Reading*.
    fn read(
        body: Result<Bytes, LayerError>,
        source: OperationSource,
        caller: Option<AuthInfo>,
        call: Call<S>,
    ) -> Self {
        let operation = |body: &Bytes| match source {
            OperationSource::Headers(operation) => Ok(operation),
            OperationSource::Body => jsonrpc::operation(body, call.state.max_resources),
        };
        match body.and_then(|body| Ok((operation(&body)?, body))) {
            Ok((operation, body)) => {
                let read = body.clone();
                call.authorize(caller, operation, Some(&read), |_, _| RequestBody::buffered(body))
            }
            Err(error) => Self::Rejected { error },
        }
    }
}

impl<S> Call<S> {
    /// Calls the service if the caller may perform the operation.
    fn authorize<B>(
        mut self,
        caller: Option<AuthInfo>,
        operation: Operation,
        read: Option<&[u8]>,
        body: impl FnOnce(&McpState, &ResponseContext) -> RequestBody<B>,
    ) -> State<S, B, S::Future>
    where
        S: Service<Request<RequestBody<B>>>,
    {
        match inbound::authorize(&self.state, &mut self.head, caller, operation, read) {
            Ok(context) => {
                let body = body(&self.state, &context);
                let response = self.inner.call(Request::from_parts(self.head, body));
                State::Calling { response, next: Some((self.state, context)) }
            }
            Err(error) => State::Rejected { error },
        }
    }
}

impl<S, B, R> Future for McpFuture<S, B>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let projection = self.project();
        let mut state = projection.state;
        loop {
            // Without a `next`, this future has been ready: it must not be polled again, and stays pending.
            let next = match state.as_mut().project() {
                StateProjection::Authenticating { step, next } => {
                    let stepped = ready!(step.as_mut().poll(cx));
                    let Some((source, mut call, body)) = next.take() else { return Poll::Pending };
                    State::of(stepped.proceed(&mut call.head), source, call, body)
                }
                StateProjection::Reading { body, next } => {
                    let body = ready!(body.poll(cx));
                    let Some((source, caller, call)) = next.take() else { return Poll::Pending };
                    State::read(body.unwrap_or(Err(LayerError::BodyTimeout)), source, caller, call)
                }
                StateProjection::Calling { response, next } => {
                    let response = ready!(response.poll(cx))?;
                    let Some((state, context)) = next.take() else { return Poll::Pending };
                    let mut response = outbound::process(&state, response, context);
                    if let Some(nonce) = projection.nonce {
                        nonce.write(response.headers_mut());
                    }
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Rejected { error } => {
                    return Poll::Ready(Ok(error.to_response().map(ResponseBody::layer)));
                }
            };
            state.set(next);
        }
    }
}

impl<S, B> fmt::Debug for McpFuture<S, B>
where
    S: Service<Request<RequestBody<B>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpFuture").finish_non_exhaustive()
    }
}
