//! The format of access tokens.

/// The format of the access tokens of an [`AuthorizationServer`](super::AuthorizationServer) or a
/// [`Caller`](super::Caller).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenFormat {
    /// A text that only its issuer can resolve. An `AuthorizationServer` draws 256 random bits.
    #[default]
    Opaque,
    /// A JWT (RFC 9068) with `typ: at+jwt`. An `AuthorizationServer` signs it with its current key.
    #[cfg(feature = "jwt")]
    Jwt,
}
