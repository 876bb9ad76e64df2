//! Creates a guard from a request, for the extractors of the frameworks.
//!
//! An extractor is compiled once for each guarded function. So all that decides is in [`GuardedFunction`], which is
//! not generic: it is compiled once.

use std::any::{Any, TypeId};
use std::fmt;
#[cfg(feature = "axum")]
use std::marker::PhantomData;
#[cfg(feature = "axum")]
use std::pin::Pin;
#[cfg(feature = "axum")]
use std::task::{Context, Poll, ready};

use super::Authorized;
use crate::pipeline::{Authenticated, Progress};
use crate::policy::Requirement;
use crate::policy::type_level::{Policy, Presence};
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Rejection, RequestHead, ResourceServer};

/// The policy of a guarded function, as a value.
#[derive(Debug)]
pub(crate) struct GuardedFunction {
    requirement: Requirement,
    /// Whether a request without a token reaches the function.
    anonymous: bool,
    /// Whether a later guard of the same request may need the requirement of this one.
    shared: bool,
}

impl GuardedFunction {
    pub(crate) const fn of<P: Policy>() -> &'static Self {
        const {
            &Self {
                requirement: Requirement::of::<P>(),
                anonymous: P::Presence::ANONYMOUS,
                shared: P::SHARED,
            }
        }
    }

    /// Authenticates a request and decides about its caller. `argument` receives the caller: an `Option` of the
    /// type that the function takes.
    #[cfg(feature = "axum")]
    fn begin<'r>(
        &'static self,
        server: ResourceServer,
        mut request: RequestHead<'r>,
        argument: &mut dyn Any,
    ) -> Result<Option<Resolution<'r>>, Rejection> {
        self.check_argument(&server, argument)?;
        match server.authenticate(&request, RequiredScopes::of(&self.requirement)) {
            Progress::Complete(authenticated) => {
                let caller =
                    self.authenticated(authenticated?, server, &mut request, self.shared)?;
                fill(argument, caller).map(|()| None)
            }
            Progress::Unresolved(token) => Ok(Some(Box::pin(async move {
                let resolved = server.resolve(&token, &mut request).await;
                let required = RequiredScopes::of(&self.requirement);
                let authenticated = server.validate(resolved, token, required)?;
                self.authenticated(authenticated, server, &mut request, true)
            }))),
        }
    }

    /// `share`: whether the requirement is kept for the guards that run later.
    #[cfg(feature = "axum")]
    fn authenticated(
        &self,
        authenticated: Authenticated,
        server: ResourceServer,
        request: &mut RequestHead<'_>,
        share: bool,
    ) -> Result<Option<AuthInfo>, Rejection> {
        let Some((claims, token)) = authenticated else {
            return self.decide(&server, None, Vec::new());
        };
        let state: Option<&RequestState> = request.extensions().get();
        let outer = state.map_or_else(Vec::new, |state| state.requirements(&server));
        if !share || self.requirement.is_any_token() {
            let caller = AuthInfo::new(claims, token, server);
            return caller.authorize_after(outer, self.requirement).map(Some);
        }
        let caller = AuthInfo::new(claims, token, server.clone());
        let caller = caller.authorize_after(outer, self.requirement)?;
        if let Some(extensions) = request.extensions_mut() {
            let state = extensions.get_or_insert_default::<RequestState>();
            state.add_requirement(&server, self.requirement);
        }
        Ok(Some(caller))
    }

    /// Decides about a caller whose token was resolved for this request. `outer` has the requirements of the
    /// guards in front of this one.
    fn decide(
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

    #[cfg(feature = "rmcp")]
    fn decide_into(
        &self,
        server: &ResourceServer,
        caller: Option<AuthInfo>,
        outer: Vec<Requirement>,
        argument: &mut dyn Any,
    ) -> Result<(), Rejection> {
        self.check_argument(server, argument)?;
        fill(argument, self.decide(server, caller, outer)?)
    }

    /// Whether the argument can receive the caller. The attribute checks it at compile time, so this fails only
    /// for a guard that was written without the attribute.
    fn check_argument(&self, server: &ResourceServer, argument: &dyn Any) -> Result<(), Rejection> {
        let expected = if self.anonymous {
            TypeId::of::<Option<Option<AuthInfo>>>()
        } else {
            TypeId::of::<Option<AuthInfo>>()
        };
        if argument.type_id() == expected {
            return Ok(());
        }
        Err(server.reject(wrong_argument(), RequiredScopes::of(&self.requirement)))
    }
}

/// Writes the caller to the argument; `None` is an anonymous caller.
fn fill(argument: &mut dyn Any, caller: Option<AuthInfo>) -> Result<(), Rejection> {
    if let Some(required) = argument.downcast_mut::<Option<AuthInfo>>() {
        *required = caller;
        Ok(())
    } else if let Some(optional) = argument.downcast_mut::<Option<Option<AuthInfo>>>() {
        *optional = Some(caller);
        Ok(())
    } else {
        Err(wrong_argument())
    }
}

impl<P: Policy, A: 'static> Authorized<P, A> {
    /// The guard of a function, from a caller whose token was resolved for this request.
    #[cfg(feature = "rmcp")]
    pub(crate) fn decide(
        server: &ResourceServer,
        caller: Option<AuthInfo>,
        outer: Vec<Requirement>,
    ) -> Result<Self, Rejection> {
        let mut argument: Option<A> = None;
        GuardedFunction::of::<P>().decide_into(server, caller, outer, &mut argument)?;
        Self::of_argument(argument)
    }

    fn of_argument(argument: Option<A>) -> Result<Self, Rejection> {
        argument.map(Self::new).ok_or_else(wrong_argument)
    }
}

/// Not inlined: it would be repeated in the extractor of each function.
#[cold]
#[inline(never)]
fn wrong_argument() -> Rejection {
    Rejection::misconfigured(WrongArgument)
}

/// Resolves a token and decides about its caller. Boxed to keep the extraction small: frameworks move it, and most
/// tokens are cached.
#[cfg(feature = "axum")]
type Resolution<'r> =
    Pin<Box<dyn Future<Output = Result<Option<AuthInfo>, Rejection>> + Send + 'r>>;

/// The future of an extractor.
///
/// It is not an `async` block: its `poll` is what the compiler generates for each guarded function, and contains
/// little but a call of [`State::advance`].
#[cfg(feature = "axum")]
pub(crate) struct Extraction<'r, P, A> {
    state: State<'r>,
    guard: PhantomData<fn() -> (P, A)>,
}

#[cfg(feature = "axum")]
enum State<'r> {
    NotPolled { server: ResourceServer, request: RequestHead<'r> },
    Resolving(Resolution<'r>),
    Complete,
}

#[cfg(feature = "axum")]
impl<'r, P: Policy, A> Extraction<'r, P, A> {
    pub(crate) fn new(server: ResourceServer, request: RequestHead<'r>) -> Self {
        Self { state: State::NotPolled { server, request }, guard: PhantomData }
    }
}

#[cfg(feature = "axum")]
impl<P: Policy, A: 'static> Future for Extraction<'_, P, A> {
    type Output = Result<Authorized<P, A>, Rejection>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut argument: Option<A> = None;
        let function = GuardedFunction::of::<P>();
        ready!(self.state.advance(function, &mut argument, context))?;
        Poll::Ready(Authorized::of_argument(argument))
    }
}

#[cfg(feature = "axum")]
impl State<'_> {
    #[inline(never)]
    fn advance(
        &mut self,
        function: &'static GuardedFunction,
        argument: &mut dyn Any,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Rejection>> {
        let mut resolution = match std::mem::replace(self, Self::Complete) {
            Self::NotPolled { server, request } => {
                match function.begin(server, request, argument)? {
                    Some(resolution) => resolution,
                    None => return Poll::Ready(Ok(())),
                }
            }
            Self::Resolving(resolution) => resolution,
            // A future must not be polled after it is ready; this one stays pending.
            Self::Complete => return Poll::Pending,
        };
        match resolution.as_mut().poll(context) {
            Poll::Ready(caller) => Poll::Ready(caller.and_then(|caller| fill(argument, caller))),
            Poll::Pending => {
                *self = Self::Resolving(resolution);
                Poll::Pending
            }
        }
    }
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
