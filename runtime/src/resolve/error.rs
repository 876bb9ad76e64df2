//! Why a token could not be resolved.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Why a [`Resolver`](crate::Resolver) has no claims for a token.
///
/// Cheap to clone, so that callers who wait for one exchange can share its failure. No message
/// repeats what the server or the caller sent.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The token is expired, revoked, unknown, or not for us to see (RFC 7662 §2.2): the caller
    /// gets a 401.
    #[error("the token is not active")]
    Inactive,
    /// The authorization server cannot answer now: the caller gets a 503.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The authorization server answered something that is not an introspection answer: the caller
    /// gets a 503.
    #[error("the authorization server's answer cannot be used")]
    BadAnswer(
        #[from]
        #[source]
        BadAnswer,
    ),
    /// The authorization server refused our own credentials, or we have none to send: the caller
    /// gets a 500.
    #[error("the authorization server refused this server's own credentials")]
    CredentialsRefused,
}

impl ResolveError {
    /// Whether it is the authorization server that fails. One that answers a single question in a
    /// way that cannot be used is there: else a caller could do harm with a token that makes it do
    /// so, such as one that oidc-provider answers with a 400.
    #[cfg(feature = "introspection")]
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::BadAnswer(BadAnswer::Status(status)) => !(400..500).contains(status),
            Self::BadAnswer(bad) => matches!(bad, BadAnswer::NotJson | BadAnswer::Encoded),
            Self::Inactive | Self::CredentialsRefused => false,
        }
    }
}

/// The authorization server could not be reached in time, or is overloaded.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct Unavailable {
    what: &'static str,
    retry_after: Option<Duration>,
    transient: bool,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Unavailable {
    /// An outage, in words that give nothing away.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self { what, retry_after: None, transient: false, source: None }
    }

    /// When the caller may try again; passed on in `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// What happened underneath. It is for logs and must not hold a secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Says that the next attempt may well succeed at once.
    #[cfg(feature = "introspection")]
    pub(crate) fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Whether another attempt may succeed at once.
    #[cfg(feature = "introspection")]
    pub(crate) fn is_transient(&self) -> bool {
        self.transient
    }

    /// The words it was made with.
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// When the caller may try again, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// What is wrong with an authorization server's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAnswer {
    /// A status other than 200.
    #[error("status {0} instead of 200")]
    Status(u16),
    /// More bytes than allowed.
    #[error("the answer is longer than allowed")]
    TooLong,
    /// A content coding that was not asked for.
    #[error("the answer is encoded, which was not asked for")]
    Encoded,
    /// Not a JSON text of bounded depth.
    #[error("the answer is not a JSON text")]
    NotJson,
    /// No JSON object with one boolean `active`.
    #[error("the answer has no boolean member `active`, or more than one")]
    NoActive,
    /// A member name that is there twice.
    #[error("a member of the answer is there twice")]
    RepeatedMember,
    /// A member name that the JSON library reserves for itself, at any depth.
    #[error("a member of the answer has a name that the JSON library reserves for itself")]
    ReservedMember,
    /// A known member of another JSON type.
    #[error("a member of the answer has the wrong JSON type")]
    WrongType,
    /// A time before 1970 or after 9999.
    #[error("a time in the answer is out of range")]
    TimeOutOfRange,
}

#[cfg(test)]
#[cfg(feature = "introspection")]
mod tests {
    use super::BadAnswer::{
        Encoded, NoActive, NotJson, RepeatedMember, Status, TooLong, WrongType,
    };
    use super::*;

    #[test]
    fn only_what_the_server_is_to_blame_for_is_an_outage() {
        // R-C10
        for bad in [Status(302), Status(500), Status(501), NotJson, Encoded] {
            assert!(ResolveError::from(bad).is_outage(), "{bad:?}");
        }
        // Whoever chooses the token may have chosen such an answer.
        let provoked = [Status(400), Status(413), NoActive, RepeatedMember, TooLong, WrongType];
        for bad in provoked {
            assert!(!ResolveError::from(bad).is_outage(), "{bad:?}");
        }
        assert!(ResolveError::from(Unavailable::new("down")).is_outage());
        assert!(!ResolveError::Inactive.is_outage());
        assert!(!ResolveError::CredentialsRefused.is_outage());
    }
}
