//! The format of access tokens.

/// The format of the access tokens that an authorization server issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenFormat {
    /// 256 random bits.
    #[default]
    Opaque,
    /// A JWT (RFC 9068): signed with the current key of the server, and with `typ: at+jwt`.
    #[cfg(feature = "jwt")]
    Jwt,
}
