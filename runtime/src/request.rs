//! What the stages read of a request.

mod state;

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

#[cfg(feature = "tower")]
pub(crate) use state::Guarded;
pub(crate) use state::RequestState;

/// The head of a request: everything that authenticates it. Its body is never read.
///
/// Every entry point takes this view, since some credentials are more than a header: a proof of
/// possession signs the method and the URI (RFC 9449 §4.2), and a client certificate is in the
/// extensions. What was resolved for a request is kept in its extensions, so that a second guard of the
/// same request does not resolve the token again.
///
/// ```
/// use requires_auth::{Condition, Rejection, RequestHead, ResourceServer};
///
/// async fn check<B>(server: &ResourceServer, request: http::Request<B>) -> Result<(), Rejection> {
///     let (mut head, _body) = request.into_parts();
///     let auth = server.authorize(&mut head, Condition::Scope("entries:read")).await?;
///     println!("{:?} reads", auth.subject());
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct RequestHead<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a mut Extensions,
}

impl<'a> RequestHead<'a> {
    /// The head of a request that is not in a [`Parts`] of the `http` crate.
    pub fn new(
        method: &'a Method,
        uri: &'a Uri,
        headers: &'a HeaderMap,
        extensions: &'a mut Extensions,
    ) -> Self {
        Self { method, uri, headers, extensions }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The URI as this service received it; a router may have removed a prefix of its path.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        self.uri
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.headers
    }

    /// The extensions.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        self.extensions
    }

    pub(crate) fn extensions_mut(&mut self) -> &mut Extensions {
        self.extensions
    }
}

impl<'a> From<&'a mut Parts> for RequestHead<'a> {
    fn from(parts: &'a mut Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers, &mut parts.extensions)
    }
}
