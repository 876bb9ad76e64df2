//! The view of a request that the stages get.

#[cfg(feature = "tower")]
mod nonce_slot;
mod state;

use std::sync::LazyLock;

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Request, Uri};

#[cfg(feature = "tower")]
pub(crate) use nonce_slot::NonceSlot;
#[cfg(feature = "tower")]
pub(crate) use state::Guarded;
pub(crate) use state::RequestState;

/// The URI where only the headers are there.
static UNKNOWN_URI: LazyLock<Uri> = LazyLock::new(Uri::default);

static NO_EXTENSIONS: LazyLock<Extensions> = LazyLock::new(Extensions::new);

/// The head of a request: method, URI, headers and extensions. The body is never read.
///
/// It is the argument of [`ResourceServer::authorize`](crate::ResourceServer::authorize). The token is in the
/// `Authorization` header (RFC 6750 §2.1). The other parts are there because some credentials need them: a proof
/// of possession signs the method and the URI (RFC 9449 §4.2), and a client certificate is in the extensions. The
/// result of resolving the token is kept in the extensions, so that a second guard of the same request does not
/// resolve it again.
///
/// A [`Parts`] of the `http` crate converts to it, and so does a shared reference to one, to a [`Request`], to a
/// [`HeaderMap`], and with the feature `tonic` to a request of tonic:
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
    extensions: Access<'a>,
    /// Whether the method and the URI are those of the request.
    #[cfg_attr(not(feature = "dpop"), expect(dead_code, reason = "only a proof names them"))]
    has_target: bool,
}

#[derive(Debug)]
enum Access<'a> {
    Exclusive(&'a mut Extensions),
    Shared(&'a Extensions),
}

impl<'a> RequestHead<'a> {
    /// Creates the head from its parts, for a framework that has no [`Parts`].
    pub fn new(
        method: &'a Method,
        uri: &'a Uri,
        headers: &'a HeaderMap,
        extensions: &'a mut Extensions,
    ) -> Self {
        Self { method, uri, headers, extensions: Access::Exclusive(extensions), has_target: true }
    }

    /// The same for a framework that lends out the request only for reading. A second guard of the same request then
    /// resolves the token again, or takes its claims from the cache, and rejects a DPoP proof, which the first one has
    /// used: authorize such a request once.
    pub fn shared(
        method: &'a Method,
        uri: &'a Uri,
        headers: &'a HeaderMap,
        extensions: &'a Extensions,
    ) -> Self {
        Self { method, uri, headers, extensions: Access::Shared(extensions), has_target: true }
    }

    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The URI as this service received it. A router may have removed a prefix of the path.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        self.uri
    }

    /// The headers of the request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.headers
    }

    /// The extensions of the request.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        match &self.extensions {
            Access::Exclusive(extensions) => extensions,
            Access::Shared(extensions) => extensions,
        }
    }

    /// The head of a request of which only the headers and the extensions are known. No proof of possession can be for it.
    pub(crate) fn without_target(headers: &'a HeaderMap, extensions: &'a Extensions) -> Self {
        let head = Self::shared(&Method::CONNECT, &UNKNOWN_URI, headers, extensions);
        Self { has_target: false, ..head }
    }

    /// Whether the method and the URI are those of the request.
    #[cfg(feature = "dpop")]
    pub(crate) fn has_target(&self) -> bool {
        self.has_target
    }

    /// The path that the client has requested, also behind a nested router of axum, which removes a prefix from the URI.
    #[cfg(feature = "dpop")]
    pub(crate) fn target_path(&self) -> &str {
        #[cfg(feature = "axum")]
        if let Some(original) = self.extensions().get::<axum::extract::OriginalUri>() {
            return original.path();
        }
        self.uri.path()
    }

    /// `None` for a request that is shared.
    pub(crate) fn extensions_mut(&mut self) -> Option<&mut Extensions> {
        match &mut self.extensions {
            Access::Exclusive(extensions) => Some(extensions),
            Access::Shared(_) => None,
        }
    }
}

impl<'a> From<&'a mut Parts> for RequestHead<'a> {
    fn from(parts: &'a mut Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers, &mut parts.extensions)
    }
}

impl<'a> From<&'a Parts> for RequestHead<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self::shared(&parts.method, &parts.uri, &parts.headers, &parts.extensions)
    }
}

/// The headers alone. The method is CONNECT and the URI `/`; a DPoP proof is rejected, since it is for the method and
/// the URI of a request.
impl<'a> From<&'a HeaderMap> for RequestHead<'a> {
    fn from(headers: &'a HeaderMap) -> Self {
        Self::without_target(headers, &NO_EXTENSIONS)
    }
}

impl<'a, B> From<&'a Request<B>> for RequestHead<'a> {
    fn from(request: &'a Request<B>) -> Self {
        Self::shared(request.method(), request.uri(), request.headers(), request.extensions())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_the_parts_of_its_request() {
        // R-K14
        let mut request = Request::post("https://api.example/a?b").header("x-name", "value");
        request.extensions_mut().unwrap().insert(7_u8);
        let mut parts = request.body(()).unwrap().into_parts().0;
        let expected = parts.uri.clone();
        let head = RequestHead::from(&mut parts);
        assert_eq!((head.method(), head.uri()), (&Method::POST, &expected));
        assert_eq!(head.headers()["x-name"], "value");
        assert_eq!(head.extensions().get(), Some(&7_u8));
    }
}
