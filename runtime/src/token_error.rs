//! Why a token is invalid.

mod api_key_error;
mod binding_error;
mod jwt_error;

pub use api_key_error::ApiKeyError;
pub use binding_error::BindingError;
pub use jwt_error::JwtError;

use crate::ErrorResponse;

/// The check that an invalid token failed. It is the [`source`](std::error::Error::source) of a
/// [`Rejection`](crate::Rejection) with [`Reason::InvalidToken`](crate::Reason::InvalidToken), for logs; the response
/// does not contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token is empty, or outside the grammar of RFC 6750 §2.1.
    #[error("the token is outside the grammar of RFC 6750")]
    Malformed,
    /// The token is longer than [`max_token_length`](crate::ResourceServerBuilder::max_token_length).
    #[error("the token is longer than allowed")]
    TooLong,
    /// The token is inactive: the introspection response has `"active": false` (RFC 7662 §2.2).
    #[error("the token is not active")]
    Inactive,
    /// The authorization server responded with an OAuth error about the token.
    #[error("the authorization server does not accept the token: {0}")]
    Rejected(ErrorResponse),
    /// The token is not a valid JWT of the issuer.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// The token is not a valid API key.
    #[error(transparent)]
    ApiKey(#[from] ApiKeyError),
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `aud` names no accepted audience: see [`AudienceCheck`](crate::AudienceCheck).
    #[error("the token is not meant for this resource")]
    Audience,
    /// `iss` is not the configured issuer.
    #[error("the token is from another issuer")]
    Issuer,
    /// The token is a refresh token, an ID token, or of another kind than a bearer access token.
    #[error("the token is not an access token")]
    Kind,
    /// The token is bound to its holder, and the request does not show that its caller is the holder.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The application rejected the token with
    /// [`ResourceServer::invalid_token`](crate::ResourceServer::invalid_token).
    #[error("the application does not accept the token")]
    Application,
}
