//! The limit on the requests in flight after the circuit has closed.

use std::time::{Duration, Instant};

use crate::UnavailableError;

/// Limits the introspection requests in flight after an outage.
///
/// All callers that were rejected during the outage retry at once, and a server that has just started
/// would fail under that load. The limit begins at 2. It grows by one with each response, which doubles it
/// in each round trip, and doubles every 100 ms, so that requests without a response do not block others.
#[derive(Debug)]
pub(super) struct SlowStart {
    started: Instant,
    responses: usize,
    in_flight: usize,
}

impl SlowStart {
    const INITIAL_LIMIT: usize = 2;
    const DOUBLING_MILLIS: u128 = 100;
    const RETRY_AFTER: Duration = Duration::from_secs(1);

    pub(super) fn new(started: Instant) -> Self {
        Self { started, responses: 0, in_flight: 0 }
    }

    /// The number of requests that may be in flight now.
    pub(super) fn limit(&self, now: Instant) -> usize {
        let elapsed = now.saturating_duration_since(self.started).as_millis();
        let doublings = u32::try_from(elapsed / Self::DOUBLING_MILLIS).unwrap_or(u32::MAX);
        let factor = 2_usize.saturating_pow(doublings);
        Self::INITIAL_LIMIT.saturating_add(self.responses).saturating_mul(factor)
    }

    pub(super) fn start_request(&mut self, now: Instant) -> Result<(), UnavailableError> {
        if self.in_flight >= self.limit(now) {
            return Err(UnavailableError::new("the authorization server has only just recovered")
                .with_retry_after(Self::RETRY_AFTER));
        }
        self.in_flight += 1;
        Ok(())
    }

    pub(super) fn end_request(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub(super) fn record_response(&mut self) {
        self.responses += 1;
    }
}
