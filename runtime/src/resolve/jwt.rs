//! Verification of JWT access tokens (RFC 9068) with the keys of their issuer.
//!
//! A token passes, in this order:
//! 1. the [header](crate::jose::JwsHeader), its algorithm and its type;
//! 2. the [claims](claim_rules), which are read before anything is verified: a token of another issuer causes no
//!    network access;
//! 3. the [key](key_set_source) with the key id of the header, from the key set of the issuer;
//! 4. the signature.
//!
//! Whether the claims are valid now and for this server is checked later, as for every resolver.

mod builder;
mod claim_rules;
pub(super) mod key_set_settings;
pub(super) mod key_set_source;
pub(super) mod media_type;
mod verifier;

pub use builder::JwtVerifierBuilder;
pub use claim_rules::OptionalClaim;
pub use verifier::JwtVerifier;
