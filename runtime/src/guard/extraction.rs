//! The future of an extractor: authenticates a request and creates a guard.

use std::any::TypeId;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::guarded_function::{GuardedFunction, argument};
use super::{Authorized, Evidence};
use crate::pipeline::{Authenticated, Progress};
use crate::policy::type_level::Policy;
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Rejection, RequestHead, ResourceServer};

/// Completes the authentication and decides about the caller. Boxed to keep the extraction small: frameworks move it,
/// and most tokens are cached.
type Authentication<'r> =
    Pin<Box<dyn Future<Output = Result<Option<AuthInfo>, Rejection>> + Send + 'r>>;

/// The future of an extractor.
///
/// It is not an `async` block: its `poll` is what the compiler generates for each guarded function, and contains
/// little but a call of [`State::advance`]. All that needs no waiting happens before it is polled, so that it is small.
/// It calls no other generic function, such as `Option::map`: each would be compiled again for each guarded function.
pub(crate) struct Extraction<'r, P, A> {
    pub(crate) state: State<'r>,
    pub(crate) guard: PhantomData<fn() -> (P, A)>,
}

pub(crate) enum State<'r> {
    Decided(Result<Option<AuthInfo>, Rejection>),
    Authenticating(Authentication<'r>),
    Complete,
}

impl<'r, P: Policy, A: 'static> Extraction<'r, P, A> {
    pub(crate) fn new(server: ResourceServer, request: RequestHead<'r>) -> Self {
        let function = const { &GuardedFunction::of::<P>() };
        Self { state: function.begin(server, request, TypeId::of::<A>()), guard: PhantomData }
    }
}

impl<P, A: 'static> Future for Extraction<'_, P, A> {
    type Output = Result<Authorized<P, A>, Rejection>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut().state.advance::<A>(context) {
            Poll::Ready(Ok(caller)) => {
                let evidence = Evidence(PhantomData);
                Poll::Ready(Ok(Authorized { caller, evidence, policy: PhantomData }))
            }
            Poll::Ready(Err(rejection)) => Poll::Ready(Err(rejection)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl State<'_> {
    /// The caller, as the type that the function takes.
    #[inline(never)]
    fn advance<A: 'static>(&mut self, context: &mut Context<'_>) -> Poll<Result<A, Rejection>> {
        let decided = match self {
            Self::Authenticating(authentication) => ready!(authentication.as_mut().poll(context)),
            Self::Decided(_) => match std::mem::replace(self, Self::Complete) {
                Self::Decided(decided) => decided,
                Self::Authenticating(_) | Self::Complete => return Poll::Pending,
            },
            // A future must not be polled after it is ready; this one stays pending.
            Self::Complete => return Poll::Pending,
        };
        *self = Self::Complete;
        Poll::Ready(decided.and_then(argument))
    }
}

impl GuardedFunction {
    /// Authenticates a request and decides about its caller. `argument` is the type that the function takes.
    #[inline(never)]
    pub(crate) fn begin<'r>(
        &'static self,
        server: ResourceServer,
        mut request: RequestHead<'r>,
        argument: TypeId,
    ) -> State<'r> {
        if let Err(rejection) = self.check_argument(&server, argument) {
            return State::Decided(Err(rejection));
        }
        match server.authenticate(&mut request, RequiredScopes::of(&self.requirement)) {
            Progress::Complete(authenticated) => State::Decided(
                authenticated
                    .and_then(|it| self.authenticated(it, server, &mut request, self.shared)),
            ),
            Progress::Pending(pending) => State::Authenticating(Box::pin(async move {
                let required = RequiredScopes::of(&self.requirement);
                let authenticated = server.complete(pending, &mut request, required).await?;
                self.authenticated(authenticated, server, &mut request, true)
            })),
        }
    }

    /// `share`: whether the requirement is kept for the guards that run later.
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
        let caller = AuthInfo::new(claims, token, server.of_this_thread());
        let caller = caller.authorize_after(outer, self.requirement)?;
        if let Some(extensions) = request.extensions_mut() {
            let state = extensions.get_or_insert_default::<RequestState>();
            state.add_requirement(&server, self.requirement);
        }
        Ok(Some(caller))
    }
}
