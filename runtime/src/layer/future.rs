//! The future of the layer's service.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::request::Parts;
use http::{Method, Request, Response, Uri};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::Settings;
use super::authentication::{Authentication, AuthenticationSettings, Step};
use crate::request::{Guarded, NonceSlot, RequestState};
use crate::{AuthInfo, Rejection};

pin_project! {
    /// The response to a request behind an [`AuthLayer`](super::AuthLayer).
    #[must_use = "futures do nothing unless polled"]
    pub struct AuthFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, S::Future>,
        nonce: Option<NonceSlot>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Authenticating {
            step: Step,
            // `None` after the step.
            call: Option<Call<S, B>>,
        },
        Calling {
            #[pin]
            response: F,
            watch: Option<Watch>,
        },
        Rejected {
            rejection: Rejection,
        },
    }
}

/// A request that is being authenticated, and the service that is ready for the request.
struct Call<S, B> {
    parts: Parts,
    body: B,
    inner: S,
    settings: Arc<Settings>,
}

/// Observes whether a guard runs, for a layer that denies handlers without a guard.
struct Watch {
    guarded: Guarded,
    method: Method,
    uri: Uri,
    settings: Arc<Settings>,
}

impl<S, B> AuthFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn authenticating(
        step: Step,
        parts: Parts,
        body: B,
        inner: S,
        settings: &Arc<Settings>,
        nonce: Option<NonceSlot>,
    ) -> Self {
        let call = Some(Call { parts, body, inner, settings: Arc::clone(settings) });
        Self { state: State::Authenticating { step, call }, nonce }
    }

    pub(super) fn authenticated(
        caller: Result<Option<AuthInfo>, Rejection>,
        parts: Parts,
        body: B,
        inner: &mut S,
        settings: &Arc<Settings>,
        nonce: Option<NonceSlot>,
    ) -> Self {
        Self { state: State::authenticated(caller, parts, body, inner, settings), nonce }
    }
}

impl<S, B> State<S, B, S::Future>
where
    S: Service<Request<B>>,
{
    fn authenticated(
        caller: Result<Option<AuthInfo>, Rejection>,
        mut parts: Parts,
        body: B,
        inner: &mut S,
        settings: &Arc<Settings>,
    ) -> Self {
        match caller.and_then(|caller| settings.decide(caller, &mut parts)) {
            Ok(()) => {
                let watch = Watch::new(settings, &mut parts);
                let response = inner.call(Request::from_parts(parts, body));
                Self::Calling { response, watch }
            }
            Err(rejection) => Self::Rejected { rejection },
        }
    }
}

impl<S, B, R> Future for AuthFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<&'static str>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let projection = self.project();
        let mut state = projection.state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Authenticating { step, call } => {
                    let stepped = ready!(step.as_mut().poll(cx));
                    // A future must not be polled after it is ready; this one stays pending.
                    let Some(mut next) = call.take() else {
                        return Poll::Pending;
                    };
                    match stepped.proceed(&mut next.parts) {
                        Authentication::Complete(caller) => {
                            let Call { parts, body, mut inner, settings } = next;
                            State::authenticated(caller, parts, body, &mut inner, &settings)
                        }
                        Authentication::Pending(step) => {
                            State::Authenticating { step, call: Some(next) }
                        }
                    }
                }
                StateProjection::Calling { response, watch } => {
                    let mut response = ready!(response.poll(cx))?;
                    if let Some(nonce) = projection.nonce {
                        nonce.write(response.headers_mut());
                    }
                    return Poll::Ready(Ok(match watch.take().and_then(Watch::end) {
                        Some(rejection) => rejection.to_response(),
                        None => response,
                    }));
                }
                StateProjection::Rejected { rejection } => {
                    return Poll::Ready(Ok(rejection.to_response()));
                }
            };
            state.set(next);
        }
    }
}

impl Watch {
    fn new(settings: &Arc<Settings>, parts: &mut Parts) -> Option<Self> {
        if !settings.deny_unguarded {
            return None;
        }
        let guarded = parts.extensions.get_or_insert_default::<RequestState>().watch_guards();
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        Some(Self { guarded, method, uri, settings: Arc::clone(settings) })
    }

    /// A rejection, if no guard has authenticated the request.
    fn end(self) -> Option<Rejection> {
        if self.guarded.is_set() {
            return None;
        }
        let unguarded = Unguarded { method: self.method, path: self.uri.path().to_owned() };
        let rejection = Rejection::misconfigured(unguarded);
        let AuthenticationSettings { server, challenged, .. } = &self.settings.authentication;
        Some(server.reject(rejection, challenged.scopes()))
    }
}

/// A handler without a guard has answered.
#[derive(Debug)]
struct Unguarded {
    method: Method,
    path: String,
}

impl fmt::Display for Unguarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the handler of {} {} has no guard, and the layer in front of it denies such handlers: write \
             `#[requires_auth]` above it, or route it outside of the layer",
            self.method, self.path
        )
    }
}

impl std::error::Error for Unguarded {}

impl<S, B> fmt::Debug for AuthFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthFuture").finish_non_exhaustive()
    }
}
