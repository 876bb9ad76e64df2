//! The metrics of an introspection request.

use super::count;
use crate::{Claims, ResolveError, TokenError};

/// Records the duration and the outcome of an introspection request. Dropping it records nothing.
#[must_use]
pub(crate) struct IntrospectionTimer {
    #[cfg(feature = "metrics")]
    started: std::time::Instant,
}

impl IntrospectionTimer {
    pub(crate) fn start() -> Self {
        Self {
            #[cfg(feature = "metrics")]
            started: std::time::Instant::now(),
        }
    }

    #[cfg_attr(not(feature = "metrics"), expect(clippy::unused_self, reason = "nothing is timed"))]
    pub(crate) fn record(self, outcome: &Result<Claims, ResolveError>) {
        #[cfg(feature = "metrics")]
        ::metrics::histogram!(crate::telemetry::metrics::INTROSPECTION_REQUEST_DURATION)
            .record(self.started.elapsed());
        count!(INTROSPECTION_REQUESTS, "outcome" => match outcome {
            Ok(_) => "active",
            Err(ResolveError::InvalidToken(TokenError::Inactive)) => "inactive",
            Err(ResolveError::Unavailable(_)) => "unavailable",
            Err(ResolveError::InvalidResponse(_)) => "invalid_response",
            Err(ResolveError::InvalidToken(_)) => "token_rejected",
            Err(ResolveError::InvalidClient(_)) => "client_rejected",
        });
    }
}
