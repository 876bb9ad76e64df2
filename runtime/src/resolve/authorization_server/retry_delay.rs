//! The delay after a failed request to the authorization server.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::UnavailableError;

/// The delay after the first failure. Jitter adds up to as much again.
const MIN_DELAY: Duration = Duration::from_millis(250);
/// Without jitter.
const MAX_DELAY: Duration = Duration::from_secs(15);

/// Delays the request that follows a failed one. Each failure in a row doubles the delay.
pub(crate) struct RetryDelay {
    delays: ExponentialBackoff,
    /// When the next request may start, and the failure that it waits after.
    waiting: Option<(Instant, UnavailableError)>,
}

impl RetryDelay {
    pub(crate) fn new() -> Self {
        let delays = ExponentialBuilder::default()
            .with_min_delay(MIN_DELAY)
            .with_max_delay(MAX_DELAY)
            .without_max_times()
            .with_jitter()
            .build();
        Self { delays, waiting: None }
    }

    /// The last failure, while the delay after it lasts.
    pub(crate) fn check(&self, now: Instant) -> Result<(), UnavailableError> {
        match &self.waiting {
            Some((next, failure)) if now < *next => {
                Err(failure.clone().with_retry_after(next.saturating_duration_since(now)))
            }
            _ => Ok(()),
        }
    }

    /// Starts the delay after a failure, unless one lasts already: requests that fail at the same time are one failure.
    #[cfg(feature = "token-exchange")]
    pub(crate) fn start_once(
        &mut self,
        now: Instant,
        failure: UnavailableError,
    ) -> UnavailableError {
        match self.check(now) {
            Ok(()) => self.start(now, |_| failure),
            Err(waiting) => waiting,
        }
    }

    /// Starts the delay after a failure. `failure` makes its error from the delay.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        failure: impl FnOnce(Duration) -> UnavailableError,
    ) -> UnavailableError {
        let delay = self.delays.next().unwrap_or(MAX_DELAY);
        let failure = failure(delay).with_retry_after(delay);
        self.waiting = now.checked_add(delay).map(|next| (next, failure.clone()));
        failure
    }
}
