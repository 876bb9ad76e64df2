//! The state of a circuit: closed with a number of failures, or open until the next probe.

use std::time::{Duration, Instant};

use super::Evidence;
use super::failed_tokens::{FailedTokens, TokenHash};
use super::slow_start::SlowStart;
use crate::Clock;
use crate::telemetry::gauge;

#[derive(Debug)]
pub(super) struct Circuit {
    pub(super) series: Series,
    pub(super) state: State,
    pub(super) failed_tokens: FailedTokens,
}

/// Identifies a series of failures. A request that began in an earlier series does not count in this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Series {
    /// The number of times that the circuit has closed.
    pub(super) closings: u64,
    /// The number of times that the count of failures was reset.
    pub(super) resets: u64,
}

#[derive(Debug)]
pub(super) enum State {
    Closed { failures: u32, control_in_flight: bool, slow_start: Option<SlowStart> },
    Open { next_probe: Instant, probe_interval: Duration, probes: usize, evidence: Evidence },
}

impl Circuit {
    pub(super) fn closed() -> Self {
        Self {
            series: Series { closings: 0, resets: 0 },
            state: State::Closed { failures: 0, control_in_flight: false, slow_start: None },
            failed_tokens: FailedTokens::default(),
        }
    }

    /// Whether the circuit is open without confirmation, and no request about this token has failed.
    pub(super) fn permits_first_request(&self, token: TokenHash) -> bool {
        matches!(self.state, State::Open { evidence: Evidence::Unconfirmed, .. })
            && !self.failed_tokens.contains(token)
    }

    pub(super) fn open(&mut self, now: Instant, probe_interval: Duration, evidence: Evidence) {
        let next_probe = now + probe_interval;
        self.state = State::Open { next_probe, probe_interval, probes: 0, evidence };
        gauge!(CIRCUIT_BREAKERS_OPEN; increment 1.0);
        tracing::warn!(target: "requires_auth", "circuit breaker opened");
    }

    /// Adds the evidence of a further control request to that of an open circuit.
    pub(super) fn confirm(&mut self, evidence: Evidence) {
        if let State::Open { evidence: known, .. } = &mut self.state
            && evidence == Evidence::Outage
        {
            *known = Evidence::Outage;
        }
    }

    /// Resets the count of failures, and closes an open circuit.
    pub(super) fn record_response(&mut self, clock: &dyn Clock) {
        self.series.resets += 1;
        self.failed_tokens.clear();
        match &mut self.state {
            State::Closed { failures, slow_start, .. } => {
                *failures = 0;
                if let Some(slow_start) = slow_start {
                    slow_start.record_response();
                }
            }
            State::Open { .. } => self.close(Some(SlowStart::new(clock.instant()))),
        }
    }

    /// The same for the first request about a token. It shows that the server has not failed for all tokens, so
    /// nothing recovers, and there is no slow start.
    pub(super) fn record_first_response(&mut self, clock: &dyn Clock) {
        match &self.state {
            State::Closed { .. } => self.record_response(clock),
            State::Open { .. } => {
                self.series.resets += 1;
                self.failed_tokens.clear();
                self.close(None);
            }
        }
    }

    fn close(&mut self, slow_start: Option<SlowStart>) {
        self.series.closings += 1;
        self.state = State::Closed { failures: 0, control_in_flight: false, slow_start };
        gauge!(CIRCUIT_BREAKERS_OPEN; decrement 1.0);
        tracing::info!(target: "requires_auth", "circuit breaker closed");
    }
}
