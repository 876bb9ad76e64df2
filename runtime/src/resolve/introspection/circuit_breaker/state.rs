//! The state of a circuit: closed with a number of failures, or open until the next probe.

use std::time::{Duration, Instant};

use super::slow_start::SlowStart;
use crate::Clock;
use crate::telemetry::gauge;

#[derive(Debug)]
pub(super) struct Circuit {
    pub(super) series: Series,
    pub(super) state: State,
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
    Open { next_probe: Instant, probe_interval: Duration, probes: usize },
}

impl Circuit {
    pub(super) fn closed() -> Self {
        Self {
            series: Series { closings: 0, resets: 0 },
            state: State::Closed { failures: 0, control_in_flight: false, slow_start: None },
        }
    }

    pub(super) fn open(&mut self, now: Instant, probe_interval: Duration) {
        self.state = State::Open { next_probe: now + probe_interval, probe_interval, probes: 0 };
        gauge!(CIRCUIT_BREAKERS_OPEN; increment 1.0);
        tracing::warn!(target: "requires_auth", "circuit breaker opened");
    }

    /// Resets the count of failures, and closes an open circuit.
    pub(super) fn record_response(&mut self, clock: &dyn Clock) {
        self.series.resets += 1;
        match &mut self.state {
            State::Closed { failures, slow_start, .. } => {
                *failures = 0;
                if let Some(slow_start) = slow_start {
                    slow_start.record_response();
                }
            }
            State::Open { .. } => self.close(clock.instant()),
        }
    }

    fn close(&mut self, now: Instant) {
        self.series.closings += 1;
        let slow_start = Some(SlowStart::new(now));
        self.state = State::Closed { failures: 0, control_in_flight: false, slow_start };
        gauge!(CIRCUIT_BREAKERS_OPEN; decrement 1.0);
        tracing::info!(target: "requires_auth", "circuit breaker closed");
    }
}
