//! Creates a guard from a request, for the extractors of the frameworks.

use std::any::{Any, TypeId};
use std::fmt;

use http::Extensions;

use super::Authorized;
use crate::pipeline::{Authenticated, Progress};
use crate::policy::Requirement;
use crate::policy::type_level::{Policy, Presence};
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Rejection, RequestHead, ResourceServer};

impl<P: Policy, A: Send + 'static> Authorized<P, A> {
    /// Authenticates a request and decides about its caller: the body of an extractor.
    #[cfg_attr(
        not(feature = "axum"),
        expect(dead_code, reason = "the extractors of rmcp cannot wait for a resolver")
    )]
    pub(crate) async fn by_request(
        server: ResourceServer,
        mut request: RequestHead<'_>,
    ) -> Result<Self, Rejection> {
        Self::check_argument(&server)?;
        let requirement = Requirement::of::<P>();
        match server.authenticate(&request, RequiredScopes::of(&requirement)) {
            Progress::Complete(authenticated) => {
                Self::authenticated(authenticated?, server, request.extensions_mut(), P::SHARED)
            }
            Progress::Unresolved(token) => {
                // Boxed to keep the future small: frameworks move it, and most tokens are cached.
                let resolution = async move {
                    let resolved = server.resolve(&token, &mut request).await;
                    let required = RequiredScopes::of(&requirement);
                    let authenticated = server.validate(resolved, token, required)?;
                    Self::authenticated(authenticated, server, request.extensions_mut(), true)
                };
                Box::pin(resolution).await
            }
        }
    }

    /// `share`: whether a later guard of this request may need the requirement of this one.
    fn authenticated(
        authenticated: Authenticated,
        server: ResourceServer,
        extensions: &mut Extensions,
        share: bool,
    ) -> Result<Self, Rejection> {
        let Some((claims, token)) = authenticated else { return Self::anonymous(&server) };
        let requirement = Requirement::of::<P>();
        let state: Option<&RequestState> = extensions.get();
        let outer = state.map_or_else(Vec::new, |state| state.requirements(&server));
        if !share || requirement.is_any_token() {
            return Self::decide_after(outer, AuthInfo::new(claims, token, server));
        }
        let guard = Self::decide_after(outer, AuthInfo::new(claims, token, server.clone()))?;
        extensions.get_or_insert_default::<RequestState>().add_requirement(&server, requirement);
        Ok(guard)
    }

    /// Decides about a caller whose token was resolved for this request. `outer` has the requirements of the
    /// guards in front of this one.
    #[cfg(feature = "rmcp")]
    pub(crate) fn decide(
        server: &ResourceServer,
        caller: Option<AuthInfo>,
        outer: Vec<Requirement>,
    ) -> Result<Self, Rejection> {
        Self::check_argument(server)?;
        match caller {
            Some(caller) => Self::decide_after(outer, caller),
            None => Self::anonymous(server),
        }
    }

    fn decide_after(outer: Vec<Requirement>, caller: AuthInfo) -> Result<Self, Rejection> {
        let caller = caller.authorize_after(outer, Requirement::of::<P>())?;
        argument(Some(caller)).map(Self::new)
    }

    fn anonymous(server: &ResourceServer) -> Result<Self, Rejection> {
        if !P::Presence::ANONYMOUS {
            let requirement = Requirement::of::<P>();
            return Err(server.reject_missing_token(RequiredScopes::of(&requirement)));
        }
        argument(None).map(Self::new)
    }

    /// Whether the argument can receive the caller. The attribute checks it at compile time, so this fails only
    /// for a guard that was written without the attribute.
    fn check_argument(server: &ResourceServer) -> Result<(), Rejection> {
        let expected = if P::Presence::ANONYMOUS {
            TypeId::of::<Option<AuthInfo>>()
        } else {
            TypeId::of::<AuthInfo>()
        };
        if TypeId::of::<A>() == expected {
            return Ok(());
        }
        let requirement = Requirement::of::<P>();
        Err(server
            .reject(Rejection::misconfigured(WrongArgument), RequiredScopes::of(&requirement)))
    }
}

/// Converts the caller to the type of the argument; `None` is an anonymous caller. The branch is known at
/// compile time.
fn argument<A: 'static>(caller: Option<AuthInfo>) -> Result<A, Rejection> {
    let mut argument: Option<A> = None;
    let any: &mut dyn Any = &mut argument;
    if let Some(required) = any.downcast_mut::<Option<AuthInfo>>() {
        *required = caller;
    } else if let Some(optional) = any.downcast_mut::<Option<Option<AuthInfo>>>() {
        *optional = Some(caller);
    }
    argument.ok_or_else(|| Rejection::misconfigured(WrongArgument))
}

/// An argument whose type cannot receive the caller.
#[derive(Debug)]
struct WrongArgument;

impl fmt::Display for WrongArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the argument that receives the caller is neither `AuthInfo` nor, with `optional`, \
             `Option<AuthInfo>`",
        )
    }
}

impl std::error::Error for WrongArgument {}
