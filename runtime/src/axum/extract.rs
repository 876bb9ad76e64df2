//! The guard and `AuthInfo` as extractors.

use ::axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::state::ServerState;
use crate::guard::{Authorized, Extraction};
use crate::policy::type_level::{AnyToken, Optional, Policy};
use crate::{AuthInfo, Rejection};

impl<S, P, A> FromRequestParts<S> for Authorized<P, A>
where
    S: ServerState + Send + Sync,
    P: Policy,
    A: Send + 'static,
{
    type Rejection = Rejection;

    fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> impl Future<Output = Result<Self, Rejection>> + Send {
        Extraction::new(state.resource_server(), parts.into())
    }
}

/// Without the attribute, an `AuthInfo` argument requires any valid token, as `#[requires_auth]` does.
impl<S> FromRequestParts<S> for AuthInfo
where
    S: ServerState + Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let extraction = Extraction::<AnyToken, Self>::new(state.resource_server(), parts.into());
        extraction.await.map(|guard| guard.caller)
    }
}

/// Without the attribute, an `Option<AuthInfo>` argument accepts a request without a token. A token that is present
/// must be valid.
impl<S> OptionalFromRequestParts<S> for AuthInfo
where
    S: ServerState + Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        let extraction = Extraction::<Optional<AnyToken>, Option<Self>>::new(
            state.resource_server(),
            parts.into(),
        );
        extraction.await.map(|guard| guard.caller)
    }
}
