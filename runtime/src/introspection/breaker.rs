//! A circuit breaker: an authorization server that keeps failing is left alone for moments.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::telemetry::gauge;
use crate::{Claims, Clock, ResolveError, SetupError, Unavailable};

/// Opens after failures in a row. While it is open, one exchange per period is let through as a
/// probe; the first answer closes it.
///
/// The next probe's time is set when a probe begins, not when it ends. So nothing has to be cleaned
/// up after a probe that is cancelled or panics, and one that hangs does not delay the recovery.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: Option<Settings>,
    circuit: Mutex<Circuit>,
    clock: Arc<dyn Clock>,
}

/// When a [`Breaker`] opens, and how often it probes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) failures: u32,
    pub(super) period: Duration,
}

impl Settings {
    /// One failure, or two, are a server that restarts; five exchanges in a row, each tried again
    /// where that may help, are an outage.
    const FAILURES: u32 = 5;

    /// A server that is back is noticed within half a second, and two questions in a second harm
    /// none that is about to come back.
    const PERIOD: Duration = Duration::from_millis(500);

    /// A longer one would keep callers away from a server that is back.
    const LONGEST_PERIOD: Duration = Duration::from_secs(60);

    pub(super) fn check(&self) -> Result<(), SetupError> {
        if self.failures == 0 {
            return Err(SetupError::Setting("`breaker_failures` must be at least 1"));
        }
        if self.period.is_zero() || self.period > Self::LONGEST_PERIOD {
            return Err(SetupError::Setting(
                "`breaker_period` must be more than 0 and at most 60 seconds",
            ));
        }
        Ok(())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { failures: Self::FAILURES, period: Self::PERIOD }
    }
}

#[derive(Debug)]
struct Circuit {
    /// How often it has been closed.
    era: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { next_probe: Instant, period: Duration },
}

impl Circuit {
    fn open(&mut self, now: Instant, period: Duration) {
        self.state = State::Open { next_probe: now + period, period };
        gauge!(BREAKERS_OPEN; increment 1.0);
        tracing::warn!(target: "requires_auth", "circuit breaker opened");
    }

    fn close(&mut self) {
        self.era += 1;
        self.state = State::Closed { failures: 0 };
        gauge!(BREAKERS_OPEN; decrement 1.0);
        tracing::info!(target: "requires_auth", "circuit breaker closed");
    }
}

/// Leave to ask, to be handed back with the outcome.
#[derive(Debug)]
#[must_use]
pub(super) struct Passage {
    era: u64,
    is_probe: bool,
}

impl Passage {
    /// Whether the circuit is open, so that this must be a single request.
    pub(super) fn is_probe(&self) -> bool {
        self.is_probe
    }
}

impl Breaker {
    /// Without settings it never opens.
    pub(super) fn new(settings: Option<Settings>, clock: Arc<dyn Clock>) -> Self {
        let circuit = Circuit { era: 0, state: State::Closed { failures: 0 } };
        Self { settings, circuit: Mutex::new(circuit), clock }
    }

    /// Lets an exchange through, or says when the next one may be tried.
    pub(super) fn admit(&self) -> Result<Passage, Unavailable> {
        let mut circuit = self.circuit();
        let era = circuit.era;
        let State::Open { next_probe, period } = &mut circuit.state else {
            return Ok(Passage { era, is_probe: false });
        };
        let now = self.clock.instant();
        let rest = next_probe.saturating_duration_since(now);
        if rest > Duration::ZERO {
            return Err(Unavailable::new("the authorization server has failed again and again")
                .with_retry_after(rest));
        }
        *next_probe = now + *period;
        Ok(Passage { era, is_probe: true })
    }

    /// Learns from an exchange.
    pub(super) fn observe(&self, passage: &Passage, outcome: &Result<Claims, ResolveError>) {
        let Some(settings) = &self.settings else { return };
        let failed = outcome.as_ref().is_err_and(ResolveError::is_outage);
        let mut circuit = self.circuit();
        let before = passage.era != circuit.era;
        match &mut circuit.state {
            State::Closed { failures } if !failed => *failures = 0,
            // It began before the last recovery: what it met is over.
            State::Closed { .. } if before => {}
            State::Closed { failures } => {
                *failures += 1;
                if *failures >= settings.failures {
                    circuit.open(self.clock.instant(), settings.period);
                }
            }
            State::Open { .. } if !failed => circuit.close(),
            State::Open { .. } => {}
        }
    }

    /// Never held across an `await`.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
