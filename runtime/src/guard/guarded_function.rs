//! The policy of a guarded function as a value, and the decision about its caller.
//!
//! An extractor is compiled once for each guarded function. So all that decides is here and is not generic: it is
//! compiled once.

use std::any::{Any, TypeId};
use std::fmt;

use super::Authorized;
use crate::policy::Requirement;
use crate::policy::type_level::{Policy, Presence};
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Rejection, ResourceServer};

/// The policy of a guarded function.
#[derive(Debug)]
pub(crate) struct GuardedFunction {
    pub(super) requirement: Requirement,
    /// Whether a request without a token reaches the function.
    anonymous: bool,
    /// Whether a later guard of the same request may need the requirement of this one.
    pub(super) shared: bool,
}

impl GuardedFunction {
    pub(crate) const fn of<P: Policy>() -> Self {
        Self {
            requirement: Requirement::of::<P>(),
            anonymous: P::Presence::ANONYMOUS,
            shared: P::SHARED,
        }
    }

    /// Decides about a caller whose token was resolved for this request. `outer` has the requirements of the
    /// guards in front of this one.
    pub(super) fn decide(
        &self,
        server: &ResourceServer,
        caller: Option<AuthInfo>,
        outer: Vec<Requirement>,
    ) -> Result<Option<AuthInfo>, Rejection> {
        match caller {
            Some(caller) => caller.authorize_after(outer, self.requirement).map(Some),
            None if self.anonymous => Ok(None),
            None => Err(server.reject_missing_token(RequiredScopes::of(&self.requirement))),
        }
    }

    /// Whether an argument of this type can receive the caller. The attribute checks it at compile time, so this fails only
    /// for a guard that was written without the attribute.
    pub(super) fn check_argument(
        &self,
        server: &ResourceServer,
        argument: TypeId,
    ) -> Result<(), Rejection> {
        let expected = if self.anonymous {
            TypeId::of::<Option<AuthInfo>>()
        } else {
            TypeId::of::<AuthInfo>()
        };
        if argument == expected {
            return Ok(());
        }
        Err(server.reject(wrong_argument(), RequiredScopes::of(&self.requirement)))
    }
}

/// The caller as the type of the argument, `AuthInfo` or `Option<AuthInfo>`; `None` is an anonymous caller.
pub(super) fn argument<A: 'static>(caller: Option<AuthInfo>) -> Result<A, Rejection> {
    let mut argument: Option<A> = None;
    let any: &mut dyn Any = &mut argument;
    if let Some(required) = any.downcast_mut::<Option<AuthInfo>>() {
        *required = caller;
    } else if let Some(optional) = any.downcast_mut::<Option<Option<AuthInfo>>>() {
        *optional = Some(caller);
    }
    argument.ok_or_else(wrong_argument)
}

impl<P: Policy, A: 'static> Authorized<P, A> {
    /// The guard of a function, from a caller whose token was resolved for this request.
    #[cfg(feature = "rmcp")]
    pub(crate) fn decide(
        server: &ResourceServer,
        caller: Option<AuthInfo>,
        outer: Vec<Requirement>,
    ) -> Result<Self, Rejection> {
        let function = const { &GuardedFunction::of::<P>() };
        function.check_argument(server, TypeId::of::<A>())?;
        argument(function.decide(server, caller, outer)?).map(Self::new)
    }
}

/// Not inlined: it would be repeated in the extractor of each function.
#[cold]
#[inline(never)]
fn wrong_argument() -> Rejection {
    Rejection::misconfigured(WrongArgument)
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
