//! JSON Web Signatures (RFC 7515), Keys (RFC 7517) and Algorithms (RFC 7518), for tokens and client assertions.
//!
//! The cryptography is that of `aws-lc-rs`, which rustls uses as well. It is called directly, so no crypto
//! provider is installed for the process.

mod algorithm;
pub(crate) mod base64url;
mod compact;
mod header;
mod jwk;
mod jwk_set;

pub use algorithm::{SigningAlgorithm, SigningAlgorithmError};
pub(crate) use compact::CompactJws;
pub(crate) use header::JwsHeader;
pub(crate) use jwk_set::JwkSet;
