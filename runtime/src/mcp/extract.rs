//! The guard as an extractor of tools and prompts.

use std::sync::Arc;

use ::rmcp::ErrorData;
use ::rmcp::handler::server::common::{AsRequestContext, FromContextPart};

use super::authenticated_request::AuthenticatedRequest;
use crate::AuthInfo;
use crate::guard::Authorized;
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
        let authenticated = Arc::clone(AuthenticatedRequest::of(context)?);
        let server = &authenticated.state.server;
        let state: Option<&RequestState> = context.extensions.get();
        let outer = state.map_or_else(Vec::new, |state| state.requirements(server));
        let guard = Self::decide(server, authenticated.caller(), outer)
            .map_err(|refused| authenticated.refuse(refused))?;
        if P::SHARED {
            let mut state: RequestState = context.extensions.remove().unwrap_or_default();
            state.add_requirement(server, Requirement::of::<P>());
            context.extensions.insert(state);
        }
        Ok(guard)
    }
}

/// Used bare, `AuthInfo` requires any valid token, as `#[requires_auth]` without scopes does.
impl<C: AsRequestContext> FromContextPart<C> for AuthInfo {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Authorized::<AnyToken>::from_context_part(context).map(|guard| guard.caller)
    }
}
