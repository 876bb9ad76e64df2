//! Why an endpoint could not be discovered.

use std::error::Error;

use crate::secure_url::UrlError;
use crate::telemetry::Quoted;

/// Why the introspection endpoint, or the URL of the key set, could not be read from the issuer's metadata (RFC 8414
/// §3, OpenID Connect Discovery §4).
///
/// A failure [is definitive](Self::is_definitive) if the authorization server answered, and no
/// repetition can help. Any other one may pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The document is that of another issuer (RFC 8414 §3.3).
    #[error(
        "the metadata at {document} is that of another issuer: its `issuer` is {}, and the setting \
         `issuer` (REQUIRES_AUTH_ISSUER) is {}; they must be equal{}",
        Quoted(found),
        Quoted(configured),
        slash(found, configured)
    )]
    #[non_exhaustive]
    IssuerMismatch {
        /// Where the document is.
        document: String,
        /// The issuer that it names.
        found: String,
        /// The issuer that is configured.
        configured: String,
    },
    /// No document has the member that names the endpoint.
    #[error("the metadata at {document} names no `{member}`: set {setting}")]
    #[non_exhaustive]
    MissingMember {
        /// Where the document is.
        document: String,
        /// The member: `introspection_endpoint` or `jwks_uri`.
        member: &'static str,
        /// The setting that replaces it.
        setting: &'static str,
    },
    /// The document names an endpoint that is not accepted.
    #[error("the `{member}` in the metadata at {document} cannot be used: {problem}")]
    #[non_exhaustive]
    UnusableEndpoint {
        /// Where the document is.
        document: String,
        /// The member that names it.
        member: &'static str,
        /// What is wrong with the endpoint.
        problem: UrlError,
    },
    /// There is no document: a status of 4xx at both places.
    #[error(
        "the issuer has no metadata at either place: {} (status {}), {} (status {}); if `issuer` \
         (REQUIRES_AUTH_ISSUER) is right, set {setting}",
        places[0].0, places[0].1, places[1].0, places[1].1
    )]
    #[non_exhaustive]
    NotFound {
        /// Where it was looked for, and the statuses.
        places: [(String, u16); 2],
        /// The setting that replaces the metadata.
        setting: &'static str,
    },
    /// A status other than 200 and 4xx. Redirects are not followed.
    #[error("the metadata at {document} cannot be read: its status is {status}, not 200")]
    #[non_exhaustive]
    Status {
        /// Where the document is.
        document: String,
        /// The status.
        status: u16,
    },
    /// No connection, or one that broke.
    #[error("the metadata at {document} cannot be reached")]
    #[non_exhaustive]
    Unreachable {
        /// Where the document is.
        document: String,
        /// What happened underneath.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The response is too long, encoded, or incomplete.
    #[error("the metadata at {document} cannot be read")]
    #[non_exhaustive]
    Unreadable {
        /// Where the document is.
        document: String,
        /// What is wrong with the response.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The response is not a metadata document.
    #[error("the metadata at {document} is not the JSON that it should be")]
    #[non_exhaustive]
    NotMetadata {
        /// Where the document is.
        document: String,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("the metadata at {document} did not arrive in time")]
    #[non_exhaustive]
    TimedOut {
        /// Where the document is.
        document: String,
    },
}

impl DiscoveryError {
    /// Whether the authorization server's own answer is the failure, so that the set-up has to
    /// change: another issuer, no usable endpoint, or no document at either place. A 408, 425 or 429
    /// may pass.
    #[must_use]
    pub fn is_definitive(&self) -> bool {
        match self {
            Self::IssuerMismatch { .. }
            | Self::MissingMember { .. }
            | Self::UnusableEndpoint { .. } => true,
            Self::NotFound { places, .. } => {
                places.iter().all(|(_, status)| !matches!(status, 408 | 425 | 429))
            }
            Self::Status { .. }
            | Self::Unreachable { .. }
            | Self::Unreadable { .. }
            | Self::NotMetadata { .. }
            | Self::TimedOut { .. } => false,
        }
    }
}

fn slash(found: &str, configured: &str) -> &'static str {
    if found.trim_end_matches('/') == configured.trim_end_matches('/') {
        ", also in the slash at the end"
    } else {
        ""
    }
}
