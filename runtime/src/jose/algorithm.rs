//! Signing algorithms.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// An asymmetric algorithm for digital signatures (RFC 7518 §3.1, RFC 8037 §3.1): a value of `alg`.
///
/// There is neither `none` nor an HMAC algorithm: the keys of an authorization server are public, so anybody
/// could make a signature with them (RFC 8725 §2.1).
///
/// ```
/// use requires_auth::SigningAlgorithm;
///
/// assert_eq!("ES256".parse(), Ok(SigningAlgorithm::Es256));
/// assert!("HS256".parse::<SigningAlgorithm>().is_err());
/// assert_eq!(SigningAlgorithm::Ps256.to_string(), "PS256");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// `RS384`: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// `RS512`: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// `PS256`: RSASSA-PSS with SHA-256.
    Ps256,
    /// `PS384`: RSASSA-PSS with SHA-384.
    Ps384,
    /// `PS512`: RSASSA-PSS with SHA-512.
    Ps512,
    /// `ES256`: ECDSA with P-256 and SHA-256.
    Es256,
    /// `ES384`: ECDSA with P-384 and SHA-384.
    Es384,
    /// `EdDSA` with the curve Ed25519 (RFC 8037).
    EdDsa,
}

impl SigningAlgorithm {
    const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// Whether `alg` names this algorithm. RFC 9864 §2.2 gives EdDSA with Ed25519 a name of its own, `Ed25519`.
    #[must_use]
    pub(crate) fn has_name(self, alg: &str) -> bool {
        alg == self.as_str() || (self == Self::EdDsa && alg == "Ed25519")
    }

    /// The value of `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Case-sensitive (RFC 7515 §4.1.1). `Ed25519` is the same as `EdDSA`.
impl FromStr for SigningAlgorithm {
    type Err = SigningAlgorithmError;

    fn from_str(text: &str) -> Result<Self, SigningAlgorithmError> {
        let mut all = Self::ALL.into_iter();
        all.find(|algorithm| algorithm.has_name(text)).ok_or(SigningAlgorithmError(()))
    }
}

impl TryFrom<String> for SigningAlgorithm {
    type Error = SigningAlgorithmError;

    fn try_from(text: String) -> Result<Self, SigningAlgorithmError> {
        text.parse()
    }
}

/// The error for a text that is no asymmetric signing algorithm of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected one of `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` and `EdDSA`"
)]
pub struct SigningAlgorithmError(());
