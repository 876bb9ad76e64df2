//! How tokens are resolved, in a configuration.

use serde::Deserialize;

/// How tokens are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// By introspection requests (RFC 7662). This is the default.
    #[default]
    Introspection,
    /// As JWTs, by the keys of the issuer (RFC 9068). Opaque tokens are rejected.
    Jwt,
    /// The JWTs of the issuer by its keys, and all other tokens by introspection.
    Hybrid,
}
