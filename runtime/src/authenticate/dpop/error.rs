//! Why a DPoP proof is rejected.

/// The check that a DPoP proof failed (RFC 9449 §4.3). It is the [`source`](std::error::Error::source) of a
/// [`Rejection`](crate::Rejection) with [`Reason::InvalidDpopProof`](crate::Reason::InvalidDpopProof), for logs; the
/// response does not contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DpopProofError {
    /// The scheme is `DPoP`, and there is no header `DPoP`.
    #[error("the request has no DPoP proof")]
    Missing,
    /// There is more than one header `DPoP`.
    #[error("the request has more than one DPoP proof")]
    Several,
    /// The proof is longer than 8 KiB.
    #[error("the DPoP proof is longer than allowed")]
    TooLong,
    /// It is not a signed JWT whose header and claims are JSON objects with the required members, each once.
    #[error("the DPoP proof is not a well-formed JWT")]
    Malformed,
    /// `typ` is not `dpop+jwt`.
    #[error("the type of the DPoP proof is not `dpop+jwt`")]
    Type,
    /// The header has `crit`: an extension that must be understood (RFC 7515 §4.1.11).
    #[error("the header of the DPoP proof has critical parameters, and none is supported")]
    CriticalHeader,
    /// `alg` is not one of the accepted algorithms.
    #[error("the algorithm of the DPoP proof is not accepted")]
    Algorithm,
    /// `jwk` is not one public key for the algorithm, or an RSA key of less than 2048 or more than 4096 bits.
    #[error("the key of the DPoP proof cannot be used")]
    Key,
    /// The signature is not that of the key.
    #[error("the signature of the DPoP proof is wrong")]
    Signature,
    /// The guard was given the headers of the request alone, so it knows neither method nor URI.
    #[error("the method and the URI of the request are unknown")]
    UnknownTarget,
    /// `htm` is not the method of the request.
    #[error("the DPoP proof is for another method")]
    Method,
    /// `htu` is not the URI of the request.
    #[error("the DPoP proof is for another URI")]
    Uri,
    /// `iat` is outside the window, or the proof has an `exp` that has passed or an `nbf` in the future.
    #[error("the DPoP proof is too old, or from the future")]
    Time,
    /// `ath` is not the hash of the access token.
    #[error("the DPoP proof is for another access token")]
    TokenHash,
    /// `nonce` is absent, or not one that this server accepts now: the response is that of
    /// [`Reason::UseDpopNonce`](crate::Reason::UseDpopNonce).
    #[error("the DPoP proof has no current nonce")]
    Nonce,
    /// A proof with this `jti` was used before.
    #[error("the DPoP proof was used before")]
    Replayed,
}

impl DpopProofError {
    /// What is counted together where lines of the log are limited, for what the set-up of this server may cause: a
    /// proxy that changes the URI, a clock, a setting. `None` for what only the caller can cause.
    pub(crate) fn kind_of_warning(self) -> Option<&'static str> {
        match self {
            Self::UnknownTarget => Some("DPoP proof: no request"),
            Self::Algorithm => Some("DPoP proof: algorithm"),
            Self::Uri => Some("DPoP proof: URI"),
            Self::Time => Some("DPoP proof: time"),
            _ => None,
        }
    }

    /// The setting that decides, for the operator.
    pub(crate) fn setting(self) -> Option<&'static str> {
        match self {
            Self::Algorithm => {
                Some("`Dpop::algorithms` (`dpop_algorithms`, REQUIRES_AUTH_DPOP_ALGORITHMS)")
            }
            Self::Uri => Some(
                "the origin of the resource identifier (`resource`, REQUIRES_AUTH_RESOURCE), or `external_base_url` \
                 (REQUIRES_AUTH_EXTERNAL_BASE_URL) behind a proxy that removes a prefix",
            ),
            Self::Time => Some(
                "`Dpop::proof_window` (`dpop_proof_window_s`, REQUIRES_AUTH_DPOP_PROOF_WINDOW_S)",
            ),
            Self::UnknownTarget => Some("none: the guard needs the request, not its headers alone"),
            _ => None,
        }
    }
}

/// An error with what the check expected and found, for the operator's log. The texts of the proof in it are escaped
/// and bounded.
#[derive(Debug)]
pub(crate) struct ProofMismatch {
    pub(crate) error: DpopProofError,
    pub(crate) expected: Option<String>,
    pub(crate) found: Option<String>,
}

impl From<DpopProofError> for ProofMismatch {
    fn from(error: DpopProofError) -> Self {
        Self { error, expected: None, found: None }
    }
}
