//! What is wrong with a token that is refused.

use crate::ErrorResponse;

/// Which check an invalid token failed: for logs, never told to the caller. It is the
/// [`source`](std::error::Error::source) of the [`Rejection`](crate::Rejection), whose documentation
/// has what the log says besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Empty, or outside the grammar of RFC 6750 §2.1.
    #[error("the token is outside the grammar of RFC 6750")]
    Malformed,
    /// Longer than the cap.
    #[error("the token is longer than allowed")]
    TooLong,
    /// The authorization server says so.
    #[error("the token is not active")]
    Inactive,
    /// The authorization server answered that it cannot process the token.
    #[error("the authorization server does not accept the token: {0}")]
    Refused(ErrorResponse),
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `aud` does not name this resource.
    #[error("the token is not meant for this resource")]
    Audience,
    /// `iss` is not the configured issuer.
    #[error("the token is from another issuer")]
    Issuer,
    /// A refresh token or an ID token.
    #[error("the token is not an access token")]
    Kind,
    /// `cnf` binds the token to a key, and no proof of possession was checked.
    #[error("the token is bound to a key and cannot be used as a bearer token")]
    SenderConstrained,
    /// By a check of the application:
    /// [`ResourceServer::invalid_token`](crate::ResourceServer::invalid_token).
    #[error("the application does not accept the token")]
    Application,
}
