//! The parts of the server that a fault or a recorded request can belong to.

/// A part of the authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/introspect` (RFC 7662).
    Introspection,
    /// The metadata documents (RFC 8414, OpenID discovery).
    Metadata,
    /// `/authorize`, and the answer to its consent page.
    Authorization,
    /// `/token`.
    Token,
    /// `/revoke` (RFC 7009).
    Revocation,
    /// `/register` (RFC 7591).
    Registration,
}

impl Endpoint {
    /// Finds the endpoint that a path belongs to, on a server whose issuer has the path `prefix`.
    pub(super) fn of(path: &str, prefix: &str) -> Option<Self> {
        if path.contains("/.well-known/") {
            return Some(Self::Metadata);
        }
        match path.strip_prefix(prefix)? {
            "/introspect" => Some(Self::Introspection),
            "/authorize" | "/consent" => Some(Self::Authorization),
            "/token" => Some(Self::Token),
            "/revoke" => Some(Self::Revocation),
            "/register" => Some(Self::Registration),
            _ => None,
        }
    }
}
