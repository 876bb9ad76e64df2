//! What is wrong with a JWT.

use crate::ResponseError;

/// Why a JWT is not a valid access token (RFC 9068 §4, RFC 7519 §7.2), for the operator's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// It has not three parts: it is opaque, or encrypted.
    #[error("the token is not a signed JWT")]
    NotSigned,
    /// A part is not base64url without padding.
    #[error("a part of the JWT is not base64url")]
    Encoding,
    /// The header is not a JSON object with parameters of the right type, each once.
    #[error("the header of the JWT cannot be used")]
    Header,
    /// The header has `crit`: an extension that must be understood (RFC 7515 §4.1.11).
    #[error("the header of the JWT has critical parameters, and none is supported")]
    CriticalHeader,
    /// `alg` is not one of the configured algorithms.
    #[error("the algorithm of the JWT is not allowed")]
    Algorithm,
    /// `typ` is not that of an access token (RFC 9068 §2.1).
    #[error("the type of the JWT is not that of an access token")]
    Type,
    /// No key of the issuer has this `kid` and is for this algorithm.
    #[error("no key of the issuer has the key id of the JWT")]
    UnknownKey,
    /// Several keys of the issuer could have been used.
    #[error("the JWT names no single key of the issuer")]
    AmbiguousKey,
    /// The signature is not that of the key.
    #[error("the signature of the JWT is wrong")]
    Signature,
    /// The payload is not a JSON object, has a member twice, or a claim of the wrong type.
    #[error("the claims of the JWT cannot be used: {0}")]
    Claims(ResponseError),
    /// A required claim is absent (RFC 9068 §2.2).
    #[error("the JWT has no `{0}`")]
    MissingClaim(&'static str),
}

impl JwtError {
    /// What is counted together where lines of the log are limited.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::NotSigned | Self::Encoding | Self::Header => "JWT: malformed",
            Self::CriticalHeader => "JWT: critical header",
            Self::Algorithm => "JWT: algorithm",
            Self::Type => "JWT: type",
            Self::UnknownKey | Self::AmbiguousKey => "JWT: key",
            Self::Signature => "JWT: signature",
            Self::Claims(_) => "JWT: claims",
            Self::MissingClaim(_) => "JWT: missing claim",
        }
    }

    /// The setting that decides, for the operator.
    pub(crate) fn setting(self) -> Option<&'static str> {
        match self {
            Self::Algorithm => Some("`algorithms` (REQUIRES_AUTH_ALGORITHMS)"),
            Self::Type => Some(
                "`accept_generic_type` (REQUIRES_AUTH_ACCEPT_GENERIC_TYPE), for tokens with the `typ` `JWT` or \
                 without one",
            ),
            Self::MissingClaim("exp") => Some("none: the authorization server has to set `exp`"),
            Self::MissingClaim(_) => Some("`optional_claims` (REQUIRES_AUTH_OPTIONAL_CLAIMS)"),
            Self::UnknownKey | Self::AmbiguousKey => {
                Some("`jwks_uri` (REQUIRES_AUTH_JWKS_URI), and the keys that the issuer publishes")
            }
            Self::NotSigned => Some(
                "none: an opaque token needs introspection, beside the `JwtVerifier` in a `Hybrid`",
            ),
            _ => None,
        }
    }
}
