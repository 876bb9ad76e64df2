//! The endpoints of the server, as faults and recorded requests name them.

/// An endpoint of the authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/introspect` (RFC 7662).
    Introspection,
    /// The metadata documents (RFC 8414, OpenID discovery).
    Metadata,
    /// `/jwks`, the key set (RFC 7517 §5). It exists with the feature `jwt`.
    KeySet,
    /// `/authorize`, and `/consent`, to which the consent page posts its form.
    Authorization,
    /// `/token`.
    Token,
    /// `/revoke` (RFC 7009).
    Revocation,
    /// `/register` (RFC 7591).
    Registration,
}

impl Endpoint {
    /// Returns the endpoint of a path, on a server whose issuer has the path `prefix`.
    pub(super) fn of(path: &str, prefix: &str) -> Option<Self> {
        if path.contains("/.well-known/") {
            return Some(Self::Metadata);
        }
        match path.strip_prefix(prefix)? {
            "/introspect" => Some(Self::Introspection),
            "/jwks" => Some(Self::KeySet),
            "/authorize" | "/consent" => Some(Self::Authorization),
            "/token" => Some(Self::Token),
            "/revoke" => Some(Self::Revocation),
            "/register" => Some(Self::Registration),
            _ => None,
        }
    }
}
