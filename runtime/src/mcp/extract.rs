//! The guard as rmcp's extractor for tools and prompts.

use std::sync::Arc;

use ::rmcp::ErrorData;
use ::rmcp::handler::server::common::{AsRequestContext, FromContextPart};

use super::authenticated_request::AuthenticatedRequest;
use crate::AuthInfo;
use crate::guard::{Authorized, Conditional};
use crate::policy::Requirement;
use crate::policy::type_level::{AnyToken, Policy};
use crate::request::RequestState;

impl<C, P, A> FromContextPart<C> for Authorized<P, A>
where
    C: AsRequestContext,
    P: Policy,
    A: Send + 'static,
{
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let context = context.as_request_context_mut();
        let request = Arc::clone(AuthenticatedRequest::of(context)?);
        let server = &request.state.server;
        let shared: Option<&RequestState> = context.extensions.get();
        let outer = shared.map_or_else(Vec::new, |shared| shared.requirements(server));
        let guard = Self::decide(server, request.caller(), outer)
            .map_err(|rejection| request.reject_by_guard(rejection))?;
        if P::SHARED {
            let mut shared: RequestState = context.extensions.remove().unwrap_or_default();
            shared.add_requirement(server, Requirement::of::<P>());
            context.extensions.insert(shared);
        }
        Ok(guard)
    }
}

impl<C, P, A> FromContextPart<C> for Conditional<P, A>
where
    C: AsRequestContext,
    P: Policy,
    A: Send + 'static,
{
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let guard = Authorized::from_context_part(context)?;
        let request = Arc::clone(AuthenticatedRequest::of(context.as_request_context())?);
        Ok(Self::new(guard, request.state.server.clone(), Some(request)))
    }
}

/// Without an attribute, `AuthInfo` requires any valid token, as `#[requires_auth]` without scopes does.
impl<C: AsRequestContext> FromContextPart<C> for AuthInfo {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Authorized::<AnyToken>::from_context_part(context).map(|guard| guard.caller)
    }
}
