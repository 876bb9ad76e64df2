//! The guard of a function with a condition on its arguments, as an extractor.

use ::axum::extract::FromRequestParts;
use http::request::Parts;

use super::state::ServerState;
use crate::Rejection;
use crate::guard::{Authorized, Conditional};
use crate::policy::type_level::Policy;

impl<S, P, A> FromRequestParts<S> for Conditional<P, A>
where
    S: ServerState + Send + Sync,
    P: Policy,
    A: Send + 'static,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let guard = Authorized::from_request_parts(parts, state).await?;
        Ok(Self::new(guard, state.resource_server(), None))
    }
}
