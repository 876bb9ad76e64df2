//! The service of the layer.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;

use super::Settings;
use super::authentication::Authentication;
use super::future::AuthFuture;
use crate::request::{NonceSlot, RequestState};
use crate::{AuthInfo, Rejection};

/// A service behind an [`AuthLayer`](super::AuthLayer).
#[derive(Debug, Clone)]
pub struct AuthService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> AuthService<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B, R> Service<Request<B>> for AuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: From<&'static str>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = AuthFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> AuthFuture<S, B> {
        let settings = &self.settings;
        let (mut parts, body) = request.into_parts();
        let nonce = NonceSlot::open(&settings.authentication.server, &mut parts.extensions);
        match Authentication::begin(&settings.authentication, &mut parts) {
            Authentication::Complete(caller) => {
                AuthFuture::authenticated(caller, parts, body, &mut self.inner, settings, nonce)
            }
            Authentication::Pending(step) => {
                // The service that was polled ready must be the one that is called, not its clone.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                AuthFuture::authenticating(step, parts, body, inner, settings, nonce)
            }
        }
    }
}

impl Settings {
    /// The stage *decide*. Inserts the caller into the extensions of the request.
    pub(super) fn decide(
        &self,
        caller: Option<AuthInfo>,
        parts: &mut Parts,
    ) -> Result<(), Rejection> {
        let Some(mut caller) = caller else { return Ok(()) };
        for &requirement in &self.requirements {
            let outer = caller.requirements();
            caller = caller.authorize_after(outer, requirement)?;
            if !requirement.is_any_token() {
                let state = parts.extensions.get_or_insert_default::<RequestState>();
                state.add_requirement(&self.authentication.server, requirement);
            }
        }
        parts.extensions.insert(caller);
        Ok(())
    }
}
