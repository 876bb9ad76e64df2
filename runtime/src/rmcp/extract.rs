//! The guard as an extractor of tools and prompts.

use ::rmcp::ErrorData;
use ::rmcp::handler::server::common::{AsRequestContext, FromContextPart};

use super::identity::Identity;
use crate::AuthInfo;
use crate::guard::{Authorized, Injected};
use crate::policy::spelled::{AnyToken, Policy};

impl<C, P, A> FromContextPart<C> for Authorized<P, A>
where
    C: AsRequestContext,
    P: Policy,
    A: Injected<P::Presence>,
{
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let identity = Identity::of(context.as_request_context())?;
        let decided = Self::decide(&identity.setup.server, identity.caller());
        decided.map_err(|refused| identity.refuse(refused))
    }
}

/// Used bare, `AuthInfo` demands any valid token, as `#[requires_auth]` without scopes does.
impl<C: AsRequestContext> FromContextPart<C> for AuthInfo {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Authorized::<AnyToken>::from_context_part(context).map(|guard| guard.caller)
    }
}
