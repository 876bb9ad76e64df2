//! The argument that the attribute injects.

mod request_state;

use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;

use http::Extensions;

pub(crate) use request_state::RequestState;

use crate::pipeline::{Authenticated, Authentication};
use crate::policy::Requirement;
use crate::policy::type_level::{Anonymous, Policy, Presence, Required};
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Rejection, RequestHead, ResourceServer};

/// Proof that the policy `P` of a `#[requires_auth]` attribute let the caller through.
///
/// The attribute turns an argument `auth: AuthInfo` into `Authorized { caller: auth, .. }` of this type
/// and puts it first, so that a framework decides before it reads anything else of the request. To
/// call a guarded function yourself, from a test or from another handler, pass `auth.try_into()?`
/// in that place: the conversion makes the same decision about the scopes. It does not look at the
/// clock again, so do not keep an `AuthInfo` for longer than the request that it came with.
pub struct Authorized<P: Policy, A = AuthInfo> {
    /// The caller.
    pub caller: A,
    // Private, so that nobody else can make one.
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy, A: Send + 'static> Authorized<P, A> {
    /// Authenticates a request and decides about its caller: what a framework's extractor does.
    pub(crate) async fn by_request(
        server: ResourceServer,
        mut request: RequestHead<'_>,
    ) -> Result<Self, Rejection> {
        Self::check_argument(&server)?;
        let requirement = Requirement::of::<P>();
        match server.authenticate(&request, requirement) {
            Authentication::Complete(authenticated) => {
                Self::authenticated(authenticated?, server, request.extensions_mut(), P::SHARED)
            }
            Authentication::Unresolved(token) => {
                // Boxed: frameworks move their futures, and most requests do not reach this.
                let resolution = async move {
                    let resolved = server.resolve(&token, &mut request).await;
                    let authenticated = server.validate(resolved, token, requirement)?;
                    Self::authenticated(authenticated, server, request.extensions_mut(), true)
                };
                Box::pin(resolution).await
            }
        }
    }

    /// `share`: whether the next guard of this request may need the requirement of this one.
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

    /// Decides about a caller whose token was resolved for this very request. `outer` is what the guards
    /// in front of this one require.
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
            return Err(server.reject_missing_token(Requirement::of::<P>()));
        }
        argument(None).map(Self::new)
    }

    /// Whether the argument can receive the caller. The attribute checks it too, in the body, so that
    /// only a guard that is written by hand is refused here.
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

impl<P: Policy, A> Authorized<P, A> {
    fn new(caller: A) -> Self {
        Self { caller, policy: PhantomData }
    }
}

/// The caller as the type of the argument, `None` being an anonymous one. Which type it is, is decided
/// when the guard is compiled.
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

/// The type of the argument cannot receive the caller.
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

/// A caller with a token, for a function that lets anonymous ones through as well.
impl<P: Policy<Presence = Anonymous>> TryFrom<AuthInfo> for Authorized<P, Option<AuthInfo>> {
    type Error = Rejection;

    fn try_from(caller: AuthInfo) -> Result<Self, Rejection> {
        Some(caller).try_into()
    }
}

/// Applies to nothing, so that `auth.into()` gets an error that says what to write.
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

/// Implemented by nothing: whether a caller may run a function is always decided.
#[diagnostic::on_unimplemented(
    message = "`into()` makes no argument of a guarded function: the caller may be refused",
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

/// What an argument that receives the caller may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot receive the caller",
    label = "expected `requires_auth::AuthInfo`",
    note = "write `AuthInfo` of `requires_auth`, or with `optional` an `Option<AuthInfo>`",
    note = "a type of your own that is called `AuthInfo` needs another name in this signature"
)]
pub trait Injected<Presence>: sealed::Sealed {}

#[diagnostic::do_not_recommend]
impl Injected<Required> for AuthInfo {}

#[diagnostic::do_not_recommend]
impl Injected<Anonymous> for Option<AuthInfo> {}

/// Compiles if an argument of type `A` can receive the caller.
pub const fn receives_the_caller<Presence, A: Injected<Presence>>() {}

/// Nobody else decides what may stand for a caller.
mod sealed {
    pub trait Sealed {}

    impl Sealed for super::AuthInfo {}
    impl Sealed for Option<super::AuthInfo> {}
}
