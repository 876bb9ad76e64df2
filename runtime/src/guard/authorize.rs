//! The guard of a function that no extractor guards: the attribute emits a call of [`authorize`] for `from = …` and
//! `server = …`.

use std::ops::Deref;

use super::{Authorized, Conditional, Extraction};
use crate::policy::type_level::Policy;
use crate::{Rejection, RequestHead, ResourceServer};

/// Authorizes a request, which is an expression of the function: the value `G` exists only for a caller that its policy
/// accepts.
///
/// # Errors
/// The [`Rejection`] that the function returns.
pub fn authorize<'r, G, R>(
    server: ResourceServer,
    request: R,
) -> impl Future<Output = Result<G, Rejection>> + use<'r, G, R>
where
    G: Guard,
    R: IntoRequestHead<'r>,
{
    G::authorize(server, request.into_request_head())
}

/// The resource server of `server = …`.
pub fn resource_server<S: AsResourceServer + ?Sized>(server: &S) -> ResourceServer {
    server.as_resource_server().clone()
}

/// What `server = …` may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no resource server",
    label = "expected a `ResourceServer`, a reference to one or another pointer to one",
    note = "write the `ResourceServer` that decides, as in `server = self.server`"
)]
pub trait AsResourceServer {
    #[doc(hidden)]
    fn as_resource_server(&self) -> &ResourceServer;
}

impl AsResourceServer for ResourceServer {
    fn as_resource_server(&self) -> &ResourceServer {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<P: Deref<Target: AsResourceServer> + ?Sized> AsResourceServer for P {
    fn as_resource_server(&self) -> &ResourceServer {
        (**self).as_resource_server()
    }
}

/// A guard that can be made from the head of a request.
pub trait Guard: Sized {
    #[doc(hidden)]
    fn authorize(
        server: ResourceServer,
        request: RequestHead<'_>,
    ) -> impl Future<Output = Result<Self, Rejection>> + Send;
}

impl<P: Policy, A: 'static> Guard for Authorized<P, A> {
    fn authorize(
        server: ResourceServer,
        request: RequestHead<'_>,
    ) -> impl Future<Output = Result<Self, Rejection>> + Send {
        Extraction::new(server, request)
    }
}

impl<P: Policy, A: 'static> Guard for Conditional<P, A> {
    async fn authorize(
        server: ResourceServer,
        request: RequestHead<'_>,
    ) -> Result<Self, Rejection> {
        let guard = Extraction::new(server.clone(), request).await?;
        Ok(Self::new(guard, server, None))
    }
}

/// What `from = …` may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no head of a request",
    label = "expected a reference to a request, to its head or to its headers",
    note = "write `&request` for an `http::Request`, `&mut parts` for `http::request::Parts`, or `&headers`",
    note = "with the feature `tonic`, `&request` may be a `tonic::Request`",
    note = "for a type of your own, implement `From<&YourType>` for `requires_auth::RequestHead`"
)]
pub trait IntoRequestHead<'r> {
    #[doc(hidden)]
    fn into_request_head(self) -> RequestHead<'r>;
}

#[diagnostic::do_not_recommend]
impl<'r, R: Into<RequestHead<'r>>> IntoRequestHead<'r> for R {
    fn into_request_head(self) -> RequestHead<'r> {
        self.into()
    }
}
