//! The guard and `AuthInfo` as extractors.

use std::any::TypeId;
use std::marker::PhantomData;

use ::axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::state::ServerState;
use crate::guard::{Authorized, Extraction, ExtractionState, GuardedFunction};
use crate::policy::type_level::{AnyToken, Optional, Policy};
use crate::{AuthInfo, Rejection};

// It has no bound that it does not need, nor has `Extraction`: the compiler proves each one again for each function.
impl<S, P, A> FromRequestParts<S> for Authorized<P, A>
where
    S: ServerState,
    P: Policy,
    A: 'static,
{
    type Rejection = Rejection;

    fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> impl Future<Output = Result<Self, Rejection>> + Send {
        let function = const { &GuardedFunction::of::<P>() };
        Extraction { state: begin::<S, A>(function, parts, state), guard: PhantomData }
    }
}

/// Not a part of the function above, so that it is compiled once for all guarded functions.
#[inline(never)]
fn begin<'r, S: ServerState, A: 'static>(
    function: &'static GuardedFunction,
    parts: &'r mut Parts,
    state: &S,
) -> ExtractionState<'r> {
    function.begin(state.resource_server(), parts.into(), TypeId::of::<A>())
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
