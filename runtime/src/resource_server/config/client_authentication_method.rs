//! How the client authenticates, in a configuration.

use serde::Deserialize;

/// How the client authenticates, by its name in OAuth's metadata (RFC 8414 §2).
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
    /// A JWT that is signed with a private key (RFC 7523 §2.2).
    #[cfg(feature = "jwt")]
    PrivateKeyJwt,
    /// A JWT with a message authentication code of the client secret (RFC 7523 §2.2).
    #[cfg(feature = "jwt")]
    ClientSecretJwt,
    /// The client certificate, whose subject is registered (RFC 8705 §2.1).
    TlsClientAuth,
    /// The client certificate, which is registered itself (RFC 8705 §2.2).
    SelfSignedTlsClientAuth,
}
