//! How the client authenticates, in a configuration.

use serde::Deserialize;

/// How the client id and secret are sent, by its name in OAuth's metadata (RFC 8414 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthenticationMethod {
    /// No client authentication.
    None,
    /// In the `Authorization` header.
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}
