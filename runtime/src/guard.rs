//! The guard: the argument that the attribute injects.

mod argument_scopes;
mod authorize;
mod caller_argument;
mod conditional;
mod evaluation;
mod evidence;
mod extraction;
mod guarded_function;

use std::fmt;
use std::marker::PhantomData;

pub use authorize::{authorize, resource_server};
pub use caller_argument::{
    Injected, InjectedOptional, receives_an_optional_caller, receives_the_caller,
};
pub use conditional::Conditional;
use conditional::Denial;
pub use evaluation::{Evaluation, Outcome};
use evidence::Evidence;
pub(crate) use extraction::Extraction;
#[cfg(feature = "axum")]
pub(crate) use extraction::State as ExtractionState;
#[cfg(feature = "axum")]
pub(crate) use guarded_function::GuardedFunction;

use crate::policy::Requirement;
use crate::policy::type_level::{Anonymous, Policy, Required};
use crate::{AuthInfo, Rejection};

/// The guard of a function: a value of this type exists only for a caller that the policy `P` accepts.
///
/// The attribute replaces an argument `auth: AuthInfo` by `Authorized { caller: auth, .. }` of this type, as
/// the first argument, so that the framework runs the guard before it reads anything else of the request.
///
/// To call a guarded function yourself, from a test or from another handler, pass `auth.try_into()?`. The
/// conversion decides about the scopes, with a [`Rejection`] as its error. It does not check `exp` again: do not
/// keep an `AuthInfo` longer than its request.
///
/// ```
/// use requires_auth::{AuthInfo, Rejection, requires_auth};
///
/// #[requires_auth(scopes = "entries:read")]
/// async fn list(auth: AuthInfo) -> String {
///     format!("the entries of {:?}", auth.subject())
/// }
///
/// #[requires_auth]
/// async fn home(auth: AuthInfo) -> Result<String, Rejection> {
///     Ok(list(auth.try_into()?).await)
/// }
/// ```
pub struct Authorized<P, A = AuthInfo> {
    /// The caller.
    pub caller: A,
    #[doc(hidden)]
    pub evidence: Evidence<P>,
    // Private, so that only this module can create the value.
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy, A> Authorized<P, A> {
    fn new(caller: A) -> Self {
        Self { caller, evidence: Evidence(PhantomData), policy: PhantomData }
    }
}

impl<P: Policy<Presence = Required>> TryFrom<AuthInfo> for Authorized<P> {
    type Error = Rejection;

    fn try_from(caller: AuthInfo) -> Result<Self, Rejection> {
        let outer = caller.requirements();
        caller.authorize_after(outer, Requirement::of::<P>()).map(Self::new)
    }
}

impl<P: Policy<Presence = Anonymous>> TryFrom<Option<AuthInfo>>
    for Authorized<P, Option<AuthInfo>>
{
    type Error = Rejection;

    fn try_from(caller: Option<AuthInfo>) -> Result<Self, Rejection> {
        let decide = |caller: AuthInfo| {
            let outer = caller.requirements();
            caller.authorize_after(outer, Requirement::of::<P>())
        };
        caller.map(decide).transpose().map(Self::new)
    }
}

/// A caller with a token, for a function that also accepts anonymous callers.
impl<P: Policy<Presence = Anonymous>> TryFrom<AuthInfo> for Authorized<P, Option<AuthInfo>> {
    type Error = Rejection;

    fn try_from(caller: AuthInfo) -> Result<Self, Rejection> {
        Some(caller).try_into()
    }
}

/// Applies to no type: it gives `auth.into()` a compiler error that names `try_into`.
impl<P: Policy, A> From<AuthInfo> for Authorized<P, A>
where
    Self: WithoutDecision<AuthInfo>,
{
    fn from(caller: AuthInfo) -> Self {
        Self::convert(caller)
    }
}

/// The same for `None.into()` and `Some(auth).into()`.
impl<P: Policy, A> From<Option<AuthInfo>> for Authorized<P, A>
where
    Self: WithoutDecision<Option<AuthInfo>>,
{
    fn from(caller: Option<AuthInfo>) -> Self {
        Self::convert(caller)
    }
}

/// Implemented by no type: a conversion without a decision does not exist.
#[diagnostic::on_unimplemented(
    message = "`into()` makes no argument of a guarded function: the request may be rejected",
    label = "write `try_into()?`",
    note = "pass the caller as `auth.try_into()?`, as the first argument"
)]
pub trait WithoutDecision<C>: Sized {
    #[doc(hidden)]
    fn convert(caller: C) -> Self;
}

impl<P: Policy, A> fmt::Debug for Authorized<P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorized").field(&P::CONDITION).finish()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::policy::type_level::{AnyToken, Optional};
    use crate::testing::Caller;

    type Open = Optional<AnyToken>;

    fn alice() -> AuthInfo {
        Caller::new("alice", "read").auth_info()
    }

    #[test]
    fn a_function_for_anonymous_callers_too_can_be_called_with_a_caller_or_without() {
        // R-K11
        type Guard = Authorized<Open, Option<AuthInfo>>;
        let subject =
            |guard: &Guard| guard.caller.as_ref().and_then(AuthInfo::subject).map(str::to_owned);
        let guards: [Guard; 3] = [
            alice().try_into().unwrap(),
            Some(alice()).try_into().unwrap(),
            None.try_into().unwrap(),
        ];
        let alice = Some("alice".to_owned());
        assert_eq!(guards.each_ref().map(subject), [alice.clone(), alice, None]);
    }

    #[test]
    fn a_condition_on_the_arguments_of_a_call_without_a_request_denies_with_a_403() {
        // R-K11, R-K15
        type Guard = Conditional<Open, Option<AuthInfo>>;
        let guard: Guard = alice().try_into().unwrap();
        assert_eq!(guard.caller.unwrap().subject(), Some("alice"));
        let denied = |guard: Guard| {
            let rejection = guard.denial.reject();
            (rejection.status().as_u16(), rejection.reason())
        };
        for caller in [Some(alice()), None] {
            let guard = Guard::try_from(caller).unwrap();
            assert_eq!(denied(guard), (403, crate::Reason::AccessDenied));
        }
    }

    #[test]
    fn a_condition_that_panics_is_a_500_for_an_anonymous_caller_too() {
        // R-K15
        type Guard = Conditional<Open, Option<AuthInfo>>;
        for caller in [Some(alice()), None] {
            let denial = Guard::try_from(caller).unwrap().denial;
            let rejection = denial.require(|| panic!("a mistake in the application")).unwrap_err();
            assert_eq!(rejection.status().as_u16(), 500);
        }
    }

    #[test]
    fn an_anonymous_caller_has_no_authorization_details() {
        // R-H7
        #[derive(serde::Deserialize)]
        struct Payment {}

        impl crate::AuthorizationDetail for Payment {
            const TYPE: &'static str = "payment";
        }

        struct Named;

        impl crate::policy::NamedDetail for Named {
            type Detail = Payment;
        }

        let guard = Conditional::<Open, Option<AuthInfo>>::try_from(None).unwrap();
        assert!(guard.denial.authorization_details::<Named>().is_empty());
    }

    #[test]
    fn debug_shows_the_condition_and_nothing_of_the_caller() {
        // R-C3
        let guard: Authorized<AnyToken> = alice().try_into().unwrap();
        assert_eq!(format!("{guard:?}"), "Authorized(All([]))");
        assert_eq!(format!("{:?}", guard.evidence), "Evidence");
        let guard: Conditional<AnyToken> = alice().try_into().unwrap();
        assert_eq!(format!("{guard:?}"), "Conditional(All([]))");
        assert_eq!(format!("{:?}", guard.denial), "Denial { .. }");
    }
}
