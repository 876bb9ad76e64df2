//! Client authentication at the introspection endpoint (RFC 7662 §2.1), as it is configured.

use std::fmt;

#[cfg(feature = "jwt")]
use super::ClientAssertion;
use super::ClientCredentialsGrant;
use super::token_source::{BearerSource, TokenSource};
use crate::SecretSource;

/// How this server authenticates itself at the introspection endpoint (RFC 7662 §2.1).
///
/// ```
/// use requires_auth::{ClientAuthentication, Introspection};
///
/// let builder = Introspection::builder("https://auth.example/introspect")
///     .client_authentication(ClientAuthentication::Basic {
///         id: "journal".to_owned(),
///         secret: "the client's secret".into(),
///     });
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// No client authentication, for an endpoint that only trusted hosts can reach. The default.
    #[default]
    None,
    /// `client_secret_basic`: the client id and secret in the `Authorization` header, each form-encoded
    /// (RFC 6749 §2.3.1).
    Basic {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretSource,
    },
    /// `client_secret_post`: the client id and secret in the form (RFC 6749 §2.3.1).
    Post {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretSource,
    },
    /// `private_key_jwt` or `client_secret_jwt`: a JWT that this server signs for each request (RFC 7523 §2.2).
    #[cfg(feature = "jwt")]
    Assertion(ClientAssertion),
    /// `tls_client_auth` or `self_signed_tls_client_auth`: the [client
    /// certificate](crate::IntrospectionBuilder::client_certificate) of the connection authenticates the client
    /// (RFC 8705 §2). The form contains the client id.
    TlsClient {
        /// The client id.
        id: String,
    },
    /// A bearer token that is obtained at the token endpoint, with the credentials of the client (RFC 6749 §4.4).
    ClientCredentials(Box<ClientCredentialsGrant>),
    /// A bearer token of this server (RFC 6750 §2.1). Each introspection request gets it from its source.
    Bearer(BearerSource),
}

impl ClientAuthentication {
    /// Authenticates with a fixed bearer token, or with that in a file.
    #[must_use]
    pub fn bearer(token: impl Into<SecretSource>) -> Self {
        Self::Bearer(BearerSource::secret(token.into()))
    }

    /// Authenticates with a bearer token that its source refreshes.
    ///
    /// Nothing identifies the client of a source, so processes share the entries of a cache only if the
    /// [client identity](crate::IntrospectionBuilder::client_identity) is set.
    #[must_use]
    pub fn bearer_source(source: impl TokenSource) -> Self {
        Self::Bearer(BearerSource::new(source))
    }

    /// Names the issuer, for methods that need it.
    pub(crate) fn with_issuer(self, issuer: Option<String>) -> Self {
        match self {
            #[cfg(feature = "jwt")]
            Self::Assertion(assertion) => Self::Assertion(assertion.with_issuer(issuer)),
            Self::ClientCredentials(grant) => {
                Self::ClientCredentials(Box::new(grant.with_issuer(issuer)))
            }
            other => other,
        }
    }
}

/// Without secrets.
impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Basic { id, .. } => {
                f.debug_struct("Basic").field("id", id).finish_non_exhaustive()
            }
            Self::Post { id, .. } => f.debug_struct("Post").field("id", id).finish_non_exhaustive(),
            #[cfg(feature = "jwt")]
            Self::Assertion(assertion) => assertion.fmt(f),
            Self::TlsClient { id } => f.debug_struct("TlsClient").field("id", id).finish(),
            Self::ClientCredentials(grant) => grant.fmt(f),
            Self::Bearer(_) => f.write_str("Bearer(..)"),
        }
    }
}
