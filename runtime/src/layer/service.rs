//! The service of the layer.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;

use super::Settings;
use super::future::{AuthFuture, Resolution, Resolved};
use crate::pipeline::{Authenticated, Progress};
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::{AccessToken, AuthInfo, Rejection, RequestHead};

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
        let required = RequiredScopes::of(&settings.requirement);
        match settings.server.authenticate(&RequestHead::from(&mut parts), required) {
            Progress::Complete(authenticated) => {
                let authorized =
                    authenticated.and_then(|caller| settings.authorize(caller, &mut parts));
                AuthFuture::authorized(authorized, parts, body, &mut self.inner, settings)
            }
            Progress::Unresolved(token) => {
                // The service that was polled ready must be the one that is called, not its clone.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                AuthFuture::resolving(self.settings.resolve(token), parts, body, inner, settings)
            }
        }
    }
}

impl Settings {
    /// Resolves a token that is not cached.
    fn resolve(&self, token: AccessToken) -> Resolution {
        let server = self.server.clone();
        Box::pin(async move {
            let outcome = server.resolve_token(&token).await;
            Resolved { token, outcome }
        })
    }

    /// The stages after *resolve*: *validate* and *decide*.
    pub(super) fn validate(&self, resolved: Resolved, parts: &mut Parts) -> Result<(), Rejection> {
        let Resolved { token, outcome } = resolved;
        let state = parts.extensions.get_or_insert_default::<RequestState>();
        state.add_outcome(&self.server, &token, &outcome);
        let authenticated =
            self.server.validate(outcome, token, RequiredScopes::of(&self.requirement))?;
        self.authorize(authenticated, parts)
    }

    /// The stage *decide*. Inserts the caller into the extensions of the request.
    fn authorize(&self, authenticated: Authenticated, parts: &mut Parts) -> Result<(), Rejection> {
        let Some((claims, token)) = authenticated else {
            if self.optional {
                return Ok(());
            }
            let required = RequiredScopes::of(&self.requirement);
            return Err(self.server.reject_missing_token(required));
        };
        let caller = AuthInfo::new(claims, token, self.server.clone());
        let caller = caller.authorize(self.requirement)?;
        if !self.requirement.is_any_token() {
            let state = parts.extensions.get_or_insert_default::<RequestState>();
            state.add_requirement(&self.server, self.requirement);
        }
        parts.extensions.insert(caller);
        Ok(())
    }
}
