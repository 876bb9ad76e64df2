//! The guard of a function whose attribute has a condition on the arguments.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Authorized, Evidence};
use crate::policy::type_level::{Anonymous, Policy, Required};
use crate::policy::{NamedDetail, Requirement};
use crate::rejection::RejectionObserver;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, AuthorizationDetails, Condition, Rejection, ResourceServer, ScopeSet};

/// An [`Authorized`] that can reject the request later, in the function, when the arguments are there.
///
/// The attribute emits it for `scopes_from = …` and `when = …`. It is another type, so that the guards of other
/// functions stay small.
pub struct Conditional<P: Policy, A = AuthInfo> {
    /// The caller.
    pub caller: A,
    /// Makes the rejection if the condition does not hold.
    pub denial: Denial,
    #[doc(hidden)]
    pub evidence: Evidence<P>,
    // Private, so that only this module can create the value.
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy, A: 'static> Conditional<P, A> {
    /// Adds to a guard what a rejection needs.
    pub(crate) fn new(
        guard: Authorized<P, A>,
        server: ResourceServer,
        observer: Option<Arc<dyn RejectionObserver>>,
    ) -> Self {
        Self::with(guard, Some(server), observer)
    }

    fn with(
        guard: Authorized<P, A>,
        server: Option<ResourceServer>,
        observer: Option<Arc<dyn RejectionObserver>>,
    ) -> Self {
        let Authorized { caller, evidence, .. } = guard;
        let any: &dyn Any = &caller;
        let required = any.downcast_ref::<AuthInfo>();
        let known =
            required.or_else(|| any.downcast_ref::<Option<AuthInfo>>().and_then(Option::as_ref));
        let denied = match known {
            Some(caller) => Denied::Caller(caller.clone()),
            None => Denied::Anonymous { server, requirement: Requirement::of::<P>(), observer },
        };
        Self { caller, denial: Denial(denied), evidence, policy: PhantomData }
    }
}

impl<P: Policy<Presence = Required>> TryFrom<AuthInfo> for Conditional<P> {
    type Error = Rejection;

    fn try_from(caller: AuthInfo) -> Result<Self, Rejection> {
        Authorized::try_from(caller).map(|guard| Self::with(guard, None, None))
    }
}

impl<P: Policy<Presence = Anonymous>> TryFrom<Option<AuthInfo>>
    for Conditional<P, Option<AuthInfo>>
{
    type Error = Rejection;

    fn try_from(caller: Option<AuthInfo>) -> Result<Self, Rejection> {
        Authorized::try_from(caller).map(|guard| Self::with(guard, None, None))
    }
}

/// A caller with a token, for a function that also accepts anonymous callers.
impl<P: Policy<Presence = Anonymous>> TryFrom<AuthInfo> for Conditional<P, Option<AuthInfo>> {
    type Error = Rejection;

    fn try_from(caller: AuthInfo) -> Result<Self, Rejection> {
        Some(caller).try_into()
    }
}

impl<P: Policy, A> fmt::Debug for Conditional<P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Conditional").field(&P::CONDITION).finish()
    }
}

/// Makes the rejection if a condition on the arguments does not hold.
pub struct Denial(Denied);

enum Denied {
    Caller(AuthInfo),
    Anonymous {
        /// `None` where the application has called the function itself.
        server: Option<ResourceServer>,
        requirement: Requirement,
        observer: Option<Arc<dyn RejectionObserver>>,
    },
}

impl Denial {
    /// Rejects the request if the caller lacks the scopes that the arguments require: 403 for a caller, whose challenge
    /// names the scopes of the attribute too. A request without a token gets the 401 of a missing token.
    ///
    /// # Errors
    /// This rejection, or the one that the function in `scopes_from` has returned.
    /// The 500 of [`reject_panic`](Self::reject_panic) if `condition` panics.
    pub fn require(
        &self,
        condition: impl FnOnce() -> Result<Condition, Rejection>,
    ) -> Result<(), Rejection> {
        let Ok(condition) = catch_unwind(AssertUnwindSafe(condition)) else {
            return Err(self.reject_panic());
        };
        match &self.0 {
            Denied::Caller(caller) => {
                let condition = condition.inspect_err(|rejection| caller.observe(rejection))?;
                caller.require_condition(condition)
            }
            Denied::Anonymous { server, requirement, observer } => {
                let decided = condition.and_then(|condition| match server {
                    Some(server) => server.check_anonymous(requirement, &condition),
                    None if condition.is_met_by(&ScopeSet::default()) => Ok(()),
                    None => Err(Rejection::access_denied()),
                });
                if let (Err(rejection), Some(observer)) = (&decided, observer) {
                    observer.rejected(rejection);
                }
                decided
            }
        }
    }

    /// The authorization details of the caller.
    #[must_use]
    pub fn authorization_details<D: NamedDetail>(&self) -> AuthorizationDetails<D::Detail> {
        match &self.0 {
            Denied::Caller(caller) => caller.authorization_details(),
            Denied::Anonymous { .. } => AuthorizationDetails::default(),
        }
    }

    /// The rejection if the condition panicked: 500.
    #[must_use]
    pub fn reject_panic(&self) -> Rejection {
        match &self.0 {
            Denied::Caller(caller) => caller.reject_panic(),
            Denied::Anonymous { server: None, .. } => Rejection::condition_panicked(),
            Denied::Anonymous { server: Some(server), requirement, observer } => {
                let rejection =
                    server.reject(Rejection::condition_panicked(), RequiredScopes::of(requirement));
                if let Some(observer) = observer {
                    observer.rejected(&rejection);
                }
                rejection
            }
        }
    }

    /// The rejection: 403 for a caller. A request without a token gets the 401 of a missing token, since a caller might
    /// meet the condition.
    #[must_use]
    pub fn reject(self) -> Rejection {
        match self.0 {
            Denied::Caller(caller) => caller.access_denied(),
            Denied::Anonymous { server: None, .. } => Rejection::access_denied(),
            Denied::Anonymous { server: Some(server), requirement, observer } => {
                let rejection = server.reject_missing_token(RequiredScopes::of(&requirement));
                if let Some(observer) = observer {
                    observer.rejected(&rejection);
                }
                rejection
            }
        }
    }
}

impl fmt::Debug for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denial").finish_non_exhaustive()
    }
}
