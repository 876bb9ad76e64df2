//! The authorization server does not accept this server as a client.

use std::fmt;

use super::ErrorResponse;

/// Why the authorization server rejects an introspection request: the error is that of this server as a client, not
/// that of the caller (`invalid_client`, RFC 6749 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// The credentials were rejected, with this response if there was one, or there are none that could be
    /// sent.
    Rejected(Option<ErrorResponse>),
    /// Client authentication is required, and no client is configured.
    NotConfigured(ErrorResponse),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const REJECTED: &str = "the authorization server rejected this server's own credentials";
        match self {
            Self::Rejected(None) => f.write_str(REJECTED),
            Self::Rejected(Some(response)) => write!(f, "{REJECTED}: {response}"),
            Self::NotConfigured(response) => write!(
                f,
                "the authorization server requires client authentication, and no client is \
                 configured: {response}"
            ),
        }
    }
}

impl std::error::Error for ClientError {}
