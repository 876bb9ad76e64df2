//! The guard as an extractor.

use ::axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::guard::{Authorized, Injected};
use crate::policy::spelled::{AnyToken, Optional, Policy};
use crate::{AuthInfo, Rejection, ResourceServer};

impl<S, P, A> FromRequestParts<S> for Authorized<P, A>
where
    S: Send + Sync,
    ResourceServer: FromRef<S>,
    P: Policy,
    A: Injected<P::Presence>,
{
    type Rejection = Rejection;

    fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> impl Future<Output = Result<Self, Rejection>> + Send {
        Self::by_request(ResourceServer::from_ref(state), &parts.headers)
    }
}

/// Used bare, `AuthInfo` demands any valid token, as `#[requires_auth]` without scopes does.
impl<S> FromRequestParts<S> for AuthInfo
where
    S: Send + Sync,
    ResourceServer: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let server = ResourceServer::from_ref(state);
        Authorized::<AnyToken>::by_request(server, &parts.headers).await.map(|guard| guard.caller)
    }
}

/// Used bare, `Option<AuthInfo>` lets a request without a token through; a token that is there
/// must still be valid.
impl<S> OptionalFromRequestParts<S> for AuthInfo
where
    S: Send + Sync,
    ResourceServer: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        let server = ResourceServer::from_ref(state);
        Authorized::<Optional<AnyToken>, Option<Self>>::by_request(server, &parts.headers)
            .await
            .map(|guard| guard.caller)
    }
}
