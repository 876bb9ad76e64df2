//! Error responses of an authorization server (RFC 6749 §5.2).

use std::fmt;

/// The response of an authorization server that rejected an introspection request: the HTTP status, and the
/// error code of the body if it is registered.
///
/// Nothing else of the body is stored, since its text may repeat the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: u16,
    /// The member `error` of the body; `None` if the body is not a JSON object with this member, or if the code
    /// is not registered.
    pub code: Option<OAuthErrorCode>,
    /// Whether the body is a JSON object whose `active` is `false`, which belongs into a response with status
    /// 200 (RFC 7662 §2.2).
    pub inactive: bool,
}

impl ErrorResponse {
    /// A response with this status and no registered error code.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, code: None, inactive: false }
    }

    /// Sets the error code.
    #[must_use]
    pub fn with_code(mut self, code: OAuthErrorCode) -> Self {
        self.code = Some(code);
        self
    }
}

/// `status 400, invalid_client` or ``status 401, `active`: false``
impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(code) = self.code {
            write!(f, ", {code}")?;
        }
        if self.inactive {
            f.write_str(", `active`: false")?;
        }
        Ok(())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// An error code from the OAuth registries at IANA that an introspection endpoint may send.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum OAuthErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl OAuthErrorCode {
            /// The code as a response contains it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// Returns `None` for a code that is not registered.
            #[cfg(feature = "introspection")]
            pub(crate) fn registered(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// `invalid_request` (RFC 6749 §5.2).
    InvalidRequest = "invalid_request",
    /// `invalid_client` (RFC 6749 §5.2): the client authentication failed.
    InvalidClient = "invalid_client",
    /// `invalid_grant` (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant",
    /// `unauthorized_client` (RFC 6749 §5.2): the client must not send this request.
    UnauthorizedClient = "unauthorized_client",
    /// `unsupported_grant_type` (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type",
    /// `invalid_scope` (RFC 6749 §5.2).
    InvalidScope = "invalid_scope",
    /// `access_denied` (RFC 6749 §4.1.2.1).
    AccessDenied = "access_denied",
    /// `server_error` (RFC 6749 §4.1.2.1).
    ServerError = "server_error",
    /// `temporarily_unavailable` (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable = "temporarily_unavailable",
    /// `invalid_token` (RFC 6750 §3.1).
    InvalidToken = "invalid_token",
    /// `insufficient_scope` (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope",
    /// `unsupported_token_type` (RFC 7009 §2.2.1).
    UnsupportedTokenType = "unsupported_token_type",
    /// `slow_down` (RFC 8628 §3.5).
    SlowDown = "slow_down",
    /// `expired_token` (RFC 8628 §3.5).
    ExpiredToken = "expired_token",
    /// `invalid_target` (RFC 8707 §2).
    InvalidTarget = "invalid_target",
    /// `use_dpop_nonce` (RFC 9449 §8).
    UseDpopNonce = "use_dpop_nonce",
    /// `invalid_dpop_proof` (RFC 9449 §5).
    InvalidDpopProof = "invalid_dpop_proof",
}

impl OAuthErrorCode {
    /// Whether the code is about the client, and so the same for every token.
    #[cfg(feature = "introspection")]
    pub(crate) fn blames_client(self) -> bool {
        matches!(self, Self::InvalidClient | Self::UnauthorizedClient)
    }

    /// Whether the code is about the token of the request alone.
    #[cfg(feature = "introspection")]
    pub(crate) fn blames_token(self) -> bool {
        matches!(
            self,
            Self::InvalidToken
                | Self::UnsupportedTokenType
                | Self::InvalidGrant
                | Self::ExpiredToken
        )
    }
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
