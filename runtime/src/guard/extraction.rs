//! The future of an extractor: authenticates a request and creates a guard.

use std::any::Any;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Authorized;
use super::guarded_function::{GuardedFunction, fill};
use crate::pipeline::{Authenticated, Progress};
use crate::policy::type_level::Policy;
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Rejection, RequestHead, ResourceServer};

/// Resolves a token and decides about its caller. Boxed to keep the extraction small: frameworks move it, and most
/// tokens are cached.
type Resolution<'r> =
    Pin<Box<dyn Future<Output = Result<Option<AuthInfo>, Rejection>> + Send + 'r>>;

/// The future of an extractor.
///
/// It is not an `async` block: its `poll` is what the compiler generates for each guarded function, and contains
/// little but a call of [`State::advance`].
pub(crate) struct Extraction<'r, P, A> {
    state: State<'r>,
    guard: PhantomData<fn() -> (P, A)>,
}

enum State<'r> {
    NotPolled { server: ResourceServer, request: RequestHead<'r> },
    Resolving(Resolution<'r>),
    Complete,
}

impl<'r, P: Policy, A> Extraction<'r, P, A> {
    pub(crate) fn new(server: ResourceServer, request: RequestHead<'r>) -> Self {
        Self { state: State::NotPolled { server, request }, guard: PhantomData }
    }
}

impl<P: Policy, A: 'static> Future for Extraction<'_, P, A> {
    type Output = Result<Authorized<P, A>, Rejection>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut argument: Option<A> = None;
        let function = GuardedFunction::of::<P>();
        ready!(self.state.advance(function, &mut argument, context))?;
        Poll::Ready(Authorized::of_argument(argument))
    }
}

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

impl GuardedFunction {
    /// Authenticates a request and decides about its caller. `argument` receives the caller: an `Option` of the
    /// type that the function takes.
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
}
