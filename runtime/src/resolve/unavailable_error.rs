//! The token could not be resolved in time.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::ErrorResponse;

/// The authorization server could not be reached in time, or is overloaded.
#[derive(Debug, Clone, thiserror::Error)]
pub struct UnavailableError {
    what: &'static str,
    response: Option<ErrorResponse>,
    retry_after: Option<Duration>,
    #[cfg(feature = "introspection")]
    transient: bool,
    #[cfg(feature = "introspection")]
    withheld: bool,
    #[cfg(feature = "introspection")]
    unreachable: bool,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl fmt::Display for UnavailableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        match self.response {
            Some(response) => write!(f, ": {response}"),
            None => Ok(()),
        }
    }
}

impl UnavailableError {
    /// An outage, in words that give nothing away.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            response: None,
            retry_after: None,
            #[cfg(feature = "introspection")]
            transient: false,
            #[cfg(feature = "introspection")]
            withheld: false,
            #[cfg(feature = "introspection")]
            unreachable: false,
            source: None,
        }
    }

    /// When the caller may try again; passed on in `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// What the authorization server answered. A 4xx, such as 429, is an answer to one request; it
    /// counts as an outage neither for the circuit breaker nor for
    /// [`stale_if_error`](crate::CachedBuilder::stale_if_error).
    #[must_use]
    pub fn with_error_response(mut self, response: ErrorResponse) -> Self {
        self.response = Some(response);
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

    /// Marks that there was no connection, which does not depend on the token.
    #[cfg(feature = "introspection")]
    pub(crate) fn unreachable(mut self) -> Self {
        self.unreachable = true;
        self
    }

    #[cfg(feature = "introspection")]
    pub(crate) fn is_unreachable(&self) -> bool {
        self.unreachable
    }

    /// Marks that this server sent no introspection request, or ended it early, because of other introspection
    /// requests or of an earlier response about this token. Callers can cause that, so it is no reason to use
    /// stale claims.
    #[cfg(feature = "introspection")]
    pub(crate) fn withheld(mut self) -> Self {
        self.withheld = true;
        self
    }

    #[cfg(feature = "introspection")]
    pub(crate) fn is_withheld(&self) -> bool {
        self.withheld
    }

    #[cfg(feature = "introspection")]
    pub(super) fn remove_retry_after(&mut self) {
        self.retry_after = None;
    }

    /// The text that it was created with.
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// What the authorization server answered, if it answered.
    #[must_use]
    pub fn error_response(&self) -> Option<ErrorResponse> {
        self.response
    }

    /// When the caller may try again, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}
