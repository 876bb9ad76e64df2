//! Why a token was not exchanged, and the response to the caller.

use std::time::Duration;

use crate::{
    AuthInfo, ClientError, ErrorResponse, OAuthErrorCode, Reason, Rejection, ResolveError,
    ResponseError, UnavailableError,
};

/// Why a [`TokenExchange`](super::TokenExchange) has no token.
///
/// [`reject`](Self::reject) makes the response to the caller. Only an error code that says that the token of the caller
/// is not valid any more leads to a 401: a client discards its token on a 401, so an outage signs nobody out.
///
/// | error | error code of the authorization server | response |
/// |---|---|---|
/// | [`InvalidToken`](Self::InvalidToken) | `invalid_grant`, `invalid_token`, `expired_token` | 401 `invalid_token` |
/// | [`RejectedToken`](Self::RejectedToken) | the same, with an `actor_token` | 500 |
/// | [`Denied`](Self::Denied) | `invalid_request`, `invalid_target`, `invalid_scope`, `access_denied`, `insufficient_scope`, `unsupported_token_type` | 403 `access_denied` |
/// | [`OtherIssuer`](Self::OtherIssuer), [`MissingScope`](Self::MissingScope) | | 403 `access_denied` |
/// | [`NotPermitted`](Self::NotPermitted) | `unauthorized_client`, `unsupported_grant_type` | 500 |
/// | [`InvalidClient`](Self::InvalidClient) | `invalid_client`, `unauthorized_client` with status 401, or 401 and 403 without another code of this table | 500 |
/// | [`Unavailable`](Self::Unavailable), [`InvalidResponse`](Self::InvalidResponse) | | 503 with `Retry-After` |
///
/// `invalid_request` is the code for a token that is "invalid for any reason, or unacceptable based on policy" (RFC 8693
/// §2.2.2), and for a malformed request as well, so it does not tell the caller to discard its token. If the token was
/// revoked, the guard rejects it with a 401 as soon as its claims are not cached any more.
///
/// Cheap to clone. No message repeats what the authorization server sent, and none contains a token.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenExchangeError {
    /// The authorization server responds that the token of the caller is not valid, such as one that was revoked after its
    /// claims were cached.
    #[error("the authorization server does not accept the token of the caller any more: {0}")]
    InvalidToken(ErrorResponse),
    /// The authorization server responds that the token of the caller or the
    /// [`actor_token`](super::TokenExchangeBuilder::actor_token) of this server is not valid. It does not say which, so the
    /// caller is not told to discard its token.
    #[error(
        "the authorization server does not accept the `actor_token` of this server, or the token of the caller: {0}"
    )]
    RejectedToken(ErrorResponse),
    /// The authorization server issues no such token for this caller.
    #[error("the authorization server denies the token exchange: {0}")]
    Denied(ErrorResponse),
    /// The token of the caller is of another issuer, or an API key. It was not sent.
    #[error("the token of the caller is not one of the issuer that exchanges tokens")]
    OtherIssuer,
    /// The issued token lacks a scope that was requested. It is not used.
    #[error("the issued token lacks a scope that was requested")]
    MissingScope,
    /// The authorization server does not support the grant for the client of this server.
    #[error("the client of this server may not exchange tokens: {0}")]
    NotPermitted(ErrorResponse),
    /// The authorization server does not accept the credentials of this server.
    #[error(transparent)]
    InvalidClient(#[from] ClientError),
    /// The authorization server could not be reached in time, or is overloaded.
    #[error(transparent)]
    Unavailable(#[from] UnavailableError),
    /// The response of the authorization server cannot be used.
    #[error("the response of the token endpoint cannot be used")]
    InvalidResponse(
        #[from]
        #[source]
        ResponseError,
    ),
}

impl TokenExchangeError {
    /// The rejection of the caller whose token was not exchanged: see the [table](Self).
    ///
    /// It is logged and counted when it is created, so create it only to respond with it.
    #[must_use = "no request is rejected unless the function returns the `Rejection`"]
    pub fn reject(&self, auth: &AuthInfo) -> Rejection {
        auth.reject_token_exchange(self)
    }

    /// The meaning of an error code of the token endpoint (RFC 6749 §5.2, RFC 8693 §2.2.2); `None` if it has none here.
    /// `with_actor`: whether the request had an `actor_token`.
    pub(super) fn of_code(response: ErrorResponse, with_actor: bool) -> Option<Self> {
        Some(match response.code? {
            OAuthErrorCode::InvalidGrant
            | OAuthErrorCode::InvalidToken
            | OAuthErrorCode::ExpiredToken => {
                if with_actor {
                    Self::RejectedToken(response)
                } else {
                    Self::InvalidToken(response)
                }
            }
            OAuthErrorCode::InvalidRequest
            | OAuthErrorCode::InvalidTarget
            | OAuthErrorCode::InvalidScope
            | OAuthErrorCode::InsufficientScope
            | OAuthErrorCode::AccessDenied
            | OAuthErrorCode::UnsupportedTokenType => Self::Denied(response),
            // The response of Keycloak to a wrong secret.
            OAuthErrorCode::UnauthorizedClient if response.status == 401 => {
                ClientError::Rejected(Some(response)).into()
            }
            OAuthErrorCode::UnauthorizedClient | OAuthErrorCode::UnsupportedGrantType => {
                Self::NotPermitted(response)
            }
            OAuthErrorCode::InvalidClient => ClientError::Rejected(Some(response)).into(),
            _ => return None,
        })
    }

    /// The reason of the rejection.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::InvalidToken(_) => Reason::InvalidToken,
            Self::Denied(_) | Self::OtherIssuer | Self::MissingScope => Reason::AccessDenied,
            Self::RejectedToken(_) | Self::NotPermitted(_) | Self::InvalidClient(_) => {
                Reason::Misconfigured
            }
            Self::Unavailable(_) | Self::InvalidResponse(_) => Reason::Unavailable,
        }
    }

    /// When the caller may try again, if that is known.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable(unavailable) => unavailable.retry_after(),
            _ => None,
        }
    }

    /// The value of the label `outcome` in the metrics.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::InvalidToken(_) | Self::RejectedToken(_) => "token_rejected",
            Self::Denied(_) | Self::OtherIssuer | Self::MissingScope => "denied",
            Self::NotPermitted(_) | Self::InvalidClient(_) => "client_rejected",
            Self::Unavailable(_) => "unavailable",
            Self::InvalidResponse(_) => "invalid_response",
        }
    }

    /// Whether the authorization server has decided about the token of the caller. It would decide the same at once.
    pub(super) fn is_denial(&self) -> bool {
        matches!(
            self,
            Self::InvalidToken(_) | Self::RejectedToken(_) | Self::Denied(_) | Self::MissingScope
        )
    }

    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(unavailable) if unavailable.is_transient())
    }
}

/// The error of a part that introspection requests have as well, such as the client authentication.
impl From<ResolveError> for TokenExchangeError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Unavailable(error) => error.into(),
            ResolveError::InvalidResponse(error) => error.into(),
            ResolveError::InvalidClient(error) => error.into(),
            ResolveError::InvalidToken(_) => ResponseError::NotATokenResponse.into(),
        }
    }
}
