//! The argument that the attribute injects.

use std::fmt;
use std::marker::PhantomData;

use http::HeaderMap;

use crate::policy::Demand;
use crate::policy::spelled::{Anonymous, Policy, Presence, Required};
use crate::server::Admitted;
use crate::{AccessToken, AuthInfo, Claims, Rejection, ResourceServer};

/// Proof that the policy `P` of a `#[requires_auth]` attribute let the caller through.
///
/// The attribute turns an argument `auth: AuthInfo` into `Authorized { caller: auth, .. }` of this type
/// and puts it first, so that a framework decides before it reads anything else of the request. To
/// call a guarded function yourself, from a test or from another handler, pass `auth.try_into()?`
/// in that place: the conversion makes the same decision about the scopes. It does not look at the
/// clock again, so do not keep an `AuthInfo` for longer than the request that it came with.
pub struct Authorized<P: Policy, A: Injected<P::Presence> = AuthInfo> {
    /// The caller.
    pub caller: A,
    // Private, so that nobody else can make one.
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy, A: Injected<P::Presence>> Authorized<P, A> {
    /// Decides about a request by its headers alone: how a framework's extractor is made.
    ///
    /// # Errors
    /// The [`Rejection`] to answer with.
    pub async fn by_headers(
        server: &ResourceServer,
        headers: &HeaderMap,
    ) -> Result<Self, Rejection> {
        Self::by_request(server.clone(), headers).await
    }

    /// The same with a server that becomes the caller's.
    pub(crate) async fn by_request(
        server: ResourceServer,
        headers: &HeaderMap,
    ) -> Result<Self, Rejection> {
        let demand = Demand::of::<P>();
        match server.admit_at_once(headers, demand) {
            Admitted::Now(admitted) => Self::admitted(admitted, server),
            Admitted::Unknown(token) => {
                // Apart, for frameworks move their futures about, and most need not wait.
                let asking = async move {
                    let admitted = server.ask(token, demand).await;
                    Self::admitted(admitted, server)
                };
                Box::pin(asking).await
            }
        }
    }

    fn admitted(
        admitted: Result<Option<(Claims, AccessToken)>, Rejection>,
        server: ResourceServer,
    ) -> Result<Self, Rejection> {
        match admitted? {
            Some((claims, token)) => Self::known(AuthInfo::new(claims, token, server)),
            None => Self::unknown(&server),
        }
    }

    /// Decides about a caller whose token has been resolved for this very request.
    #[cfg(feature = "rmcp")]
    pub(crate) fn decide(
        server: &ResourceServer,
        caller: Option<AuthInfo>,
    ) -> Result<Self, Rejection> {
        match caller {
            Some(caller) => Self::known(caller),
            None => Self::unknown(server),
        }
    }

    fn known(caller: AuthInfo) -> Result<Self, Rejection> {
        caller.authorize(Demand::of::<P>()).map(|caller| Self::new(A::caller(caller)))
    }

    fn unknown(server: &ResourceServer) -> Result<Self, Rejection> {
        let nobody = if P::Presence::ANONYMOUS { A::nobody() } else { None };
        nobody.map(Self::new).ok_or_else(|| server.missing_token(Demand::of::<P>()))
    }

    fn new(caller: A) -> Self {
        Self { caller, policy: PhantomData }
    }
}

impl<P: Policy<Presence = Required>> TryFrom<AuthInfo> for Authorized<P> {
    type Error = Rejection;

    fn try_from(caller: AuthInfo) -> Result<Self, Rejection> {
        caller.authorize(Demand::of::<P>()).map(Self::new)
    }
}

impl<P: Policy<Presence = Anonymous>> TryFrom<Option<AuthInfo>>
    for Authorized<P, Option<AuthInfo>>
{
    type Error = Rejection;

    fn try_from(caller: Option<AuthInfo>) -> Result<Self, Rejection> {
        caller.map(|caller| caller.authorize(Demand::of::<P>())).transpose().map(Self::new)
    }
}

impl<P: Policy, A: Injected<P::Presence>> fmt::Debug for Authorized<P, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorized").field(&P::CONDITION).finish()
    }
}

/// What an argument that receives the caller may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot receive the caller's identity",
    label = "expected `requires_auth::AuthInfo`",
    note = "write `AuthInfo` of `requires_auth`, or with `optional` an `Option<AuthInfo>`",
    note = "a type of your own that is called `AuthInfo` needs another name in this signature"
)]
pub trait Injected<Presence>: sealed::Sealed + Sized + Send + 'static {
    /// The argument for this caller.
    fn caller(caller: AuthInfo) -> Self;

    /// The argument for an anonymous caller; `None` if the caller must not be one.
    fn nobody() -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl Injected<Required> for AuthInfo {
    fn caller(caller: AuthInfo) -> Self {
        caller
    }

    fn nobody() -> Option<Self> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl Injected<Anonymous> for Option<AuthInfo> {
    fn caller(caller: AuthInfo) -> Self {
        Some(caller)
    }

    fn nobody() -> Option<Self> {
        Some(None)
    }
}

/// Nobody else decides what may stand for a caller.
mod sealed {
    pub trait Sealed {}

    impl Sealed for super::AuthInfo {}
    impl Sealed for Option<super::AuthInfo> {}
}
