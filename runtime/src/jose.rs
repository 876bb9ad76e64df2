//! JSON Web Signatures (RFC 7515), Keys (RFC 7517) and Algorithms (RFC 7518), for tokens and client assertions.
//!
//! The cryptography is that of `aws-lc-rs`, which rustls uses as well. It is called directly, so no crypto
//! provider is installed for the process.

#[cfg(feature = "jwt")]
mod algorithm;
pub(crate) mod base64url;
mod compact;
#[cfg(feature = "jwt")]
mod header;
#[cfg(feature = "jwt")]
mod jwk;
#[cfg(feature = "jwt")]
mod jwk_set;
#[cfg(feature = "jwt")]
mod private_jwk;
#[cfg(all(feature = "jwt", any(test, feature = "testing")))]
mod rsa_public_key;
#[cfg(feature = "jwt")]
mod signing_key;

#[cfg(feature = "jwt")]
pub use algorithm::{SigningAlgorithm, SigningAlgorithmError};
pub(crate) use compact::CompactJws;
#[cfg(feature = "jwt")]
pub(crate) use header::JwsHeader;
#[cfg(feature = "dpop")]
pub(crate) use jwk::{Jwk, VerificationKey};
#[cfg(feature = "jwt")]
pub(crate) use jwk_set::JwkSet;
#[cfg(feature = "jwt")]
pub(crate) use private_jwk::PrivateJwk;
#[cfg(feature = "jwt")]
pub(crate) use signing_key::SigningKey;
