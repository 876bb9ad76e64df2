//! The circuit breaker: sends no introspection requests to an authorization server that keeps failing.
//!
//! A caller chooses the token that it presents, and the response to an introspection request may depend on
//! the token: Better Auth responds with 500 to every token that looks like a JWT and is not one. So failed
//! requests about callers' tokens never open the circuit, however many there are. What opens it is a failed
//! [control request](super::control_request), which is about a token that no caller chose: when the number
//! of failures is one below the limit, the next caller's request waits for a control request, and the
//! failure of that one is the last that the limit needs. An outage opens the circuit after exactly the
//! configured number of failures, with one token in use or with many. An attacker with tokens that fail
//! causes one control request for each four requests, and nothing else.
//!
//! A server may also fail for every token that it did not issue, and so for the random token of a control
//! request. If the failure of the control request [does not confirm](Evidence) an outage, the open circuit
//! permits the first request about each token, so that only tokens that have failed themselves are rejected.

mod failed_tokens;
mod permit;
mod settings;
mod slow_start;
mod state;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::{AccessToken, Claims, Clock, ResolveError, UnavailableError};
use failed_tokens::TokenHash;
pub(super) use permit::{ControlPermit, ControlReason, Permit, RequestPermit};
pub(super) use settings::Settings;
use state::{Circuit, State};

/// Opens after failures in a row, of which the last is that of a control request.
///
/// While the circuit is open, it permits one probe per interval: in turn a caller's introspection request
/// and a control request, so that a caller whose own token fails, and whose request is always the first of
/// an interval, delays the recovery by one interval at most. The first response closes the circuit.
///
/// The time of the next probe is set when a probe begins, not when it ends. So a probe that is cancelled or
/// panics needs no cleanup, and one that gets no response does not delay the recovery.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    /// `None` disables it.
    settings: Option<Settings>,
    /// The limit on requests in flight at which the slow start ends.
    max_in_flight: usize,
    circuit: Mutex<Circuit>,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
}

/// What the failure of a control request shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// The server cannot be reached, or fails for a token that was active a moment ago.
    Outage,
    /// The server may fail only for tokens that it did not issue.
    Unconfirmed,
}

impl CircuitBreaker {
    pub(super) fn new(
        settings: Option<Settings>,
        max_in_flight: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (circuit, hasher) = (Mutex::new(Circuit::closed()), RandomState::new());
        Self { settings, max_in_flight, circuit, clock, hasher }
    }

    /// Fails while the circuit is open for this token and no probe is due.
    pub(super) fn check(&self, token: &AccessToken) -> Result<(), UnavailableError> {
        self.check_hash(self.hash(token))
    }

    /// The same for the caller whose request follows a control request.
    pub(super) fn check_after(&self, control: &ControlPermit) -> Result<(), UnavailableError> {
        self.check_hash(control.token)
    }

    fn check_hash(&self, token: TokenHash) -> Result<(), UnavailableError> {
        let circuit = self.circuit();
        match &circuit.state {
            State::Open { .. } if circuit.permits_first_request(token) => Ok(()),
            State::Open { next_probe, .. } => check_probe_due(*next_probe, self.clock.instant()),
            State::Closed { .. } => Ok(()),
        }
    }

    fn hash(&self, token: &AccessToken) -> TokenHash {
        TokenHash(self.hasher.hash_one(token.expose()))
    }

    /// Returns the permit for the request that is due.
    pub(super) fn acquire(&self, token: &AccessToken) -> Result<Permit<'_>, UnavailableError> {
        let token = self.hash(token);
        let mut circuit = self.circuit();
        let series = circuit.series;
        if circuit.permits_first_request(token) {
            return Ok(Permit::Request(self.first_request(&mut circuit, token)));
        }
        match &mut circuit.state {
            State::Closed { failures, control_in_flight, .. } => {
                let is_due = |settings: Settings| *failures >= settings.failures_before_control();
                if self.settings.is_some_and(is_due) && !*control_in_flight {
                    *control_in_flight = true;
                    let reason = ControlReason::Failures;
                    return Ok(Permit::Control(ControlPermit { series, reason, token }));
                }
            }
            State::Open { next_probe, probe_interval, probes, .. } => {
                let now = self.clock.instant();
                check_probe_due(*next_probe, now)?;
                *next_probe = now + *probe_interval;
                let number = *probes;
                *probes += 1;
                // The caller's request comes first, since a caller waits for its response.
                return Ok(if number % 2 == 0 {
                    Permit::Request(RequestPermit {
                        circuit_breaker: self,
                        series,
                        token,
                        is_probe: true,
                        is_first: false,
                        in_slow_start: false,
                    })
                } else {
                    let reason = ControlReason::Probe(number / 2);
                    Permit::Control(ControlPermit { series, reason, token })
                });
            }
        }
        self.request(&mut circuit, token).map(Permit::Request)
    }

    /// Returns the permit for a caller's introspection request, also where a control request is due.
    pub(super) fn acquire_request(
        &self,
        token: &AccessToken,
    ) -> Result<RequestPermit<'_>, UnavailableError> {
        let token = self.hash(token);
        let mut circuit = self.circuit();
        if circuit.permits_first_request(token) {
            return Ok(self.first_request(&mut circuit, token));
        }
        self.request(&mut circuit, token)
    }

    /// The permit for the first request about a token while the circuit is open without confirmation.
    fn first_request(&self, circuit: &mut Circuit, token: TokenHash) -> RequestPermit<'_> {
        // From now on: requests at the same time, and those after a cancellation, are rejected.
        circuit.failed_tokens.insert(token);
        let series = circuit.series;
        RequestPermit {
            circuit_breaker: self,
            series,
            token,
            is_probe: true,
            is_first: true,
            in_slow_start: false,
        }
    }

    fn request(
        &self,
        circuit: &mut Circuit,
        token: TokenHash,
    ) -> Result<RequestPermit<'_>, UnavailableError> {
        let now = self.clock.instant();
        let in_slow_start = match &mut circuit.state {
            State::Open { next_probe, .. } => {
                return Err(open(next_probe.saturating_duration_since(now)));
            }
            State::Closed { slow_start, .. } => {
                if slow_start.as_ref().is_some_and(|it| it.limit(now) >= self.max_in_flight) {
                    *slow_start = None;
                }
                if let Some(slow_start) = slow_start {
                    slow_start.start_request(now)?;
                }
                slow_start.is_some()
            }
        };
        let series = circuit.series;
        Ok(RequestPermit {
            circuit_breaker: self,
            series,
            token,
            is_probe: false,
            is_first: false,
            in_slow_start,
        })
    }

    /// Returns the permit for a control request that is due because of a `Retry-After`.
    pub(super) fn acquire_control_for_retry_after(&self, token: &AccessToken) -> ControlPermit {
        let (series, token) = (self.circuit().series, self.hash(token));
        ControlPermit { series, reason: ControlReason::RetryAfter, token }
    }

    /// Records the outcome of a caller's introspection request. Returns the permit for a control request
    /// that is due at once, where a single failure is the limit.
    pub(super) fn record(
        &self,
        permit: &RequestPermit<'_>,
        outcome: &Result<Claims, ResolveError>,
    ) -> Option<ControlPermit> {
        let settings = self.settings?;
        let mut circuit = self.circuit();
        if !outcome.as_ref().is_err_and(ResolveError::is_outage) {
            if permit.is_first {
                circuit.record_first_response(&*self.clock);
            } else {
                circuit.record_response(&*self.clock);
            }
            return None;
        }
        let series = circuit.series;
        circuit.failed_tokens.insert(permit.token);
        match &mut circuit.state {
            // The request began before the circuit last closed, so its failure belongs to that outage.
            State::Closed { .. } if permit.series.closings != series.closings => None,
            State::Closed { failures, control_in_flight, .. } => {
                *failures = failures.saturating_add(1);
                let is_due = settings.failures == 1 && !*control_in_flight;
                *control_in_flight |= is_due;
                let reason = ControlReason::Failures;
                is_due.then_some(ControlPermit { series, reason, token: permit.token })
            }
            State::Open { .. } => None,
        }
    }

    /// Records the outcome of a control request. The evidence is for a failure.
    pub(super) fn record_control(
        &self,
        permit: &ControlPermit,
        outcome: &Result<(), ResolveError>,
        evidence: Evidence,
    ) {
        let Some(settings) = self.settings else { return };
        let mut circuit = self.circuit();
        if !outcome.as_ref().is_err_and(ResolveError::is_outage) {
            circuit.record_response(&*self.clock);
            return;
        }
        // Not if the server has responded to any request since the control request began.
        let is_current = circuit.series == permit.series;
        match &circuit.state {
            State::Closed { failures, .. }
                if is_current && *failures >= settings.failures_before_control() =>
            {
                circuit.open(self.clock.instant(), settings.probe_interval, evidence);
            }
            State::Closed { .. } => {}
            State::Open { .. } => circuit.confirm(evidence),
        }
    }

    /// Allows the next control request. Called when a control request ends, also by cancellation or a
    /// panic.
    pub(super) fn release_control(&self, permit: &ControlPermit) {
        let mut circuit = self.circuit();
        let closings = circuit.series.closings;
        if let State::Closed { control_in_flight, .. } = &mut circuit.state
            && closings == permit.series.closings
            && permit.reason == ControlReason::Failures
        {
            *control_in_flight = false;
        }
    }

    /// Never held across an `await`.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_probe_due(next_probe: Instant, now: Instant) -> Result<(), UnavailableError> {
    let rest = next_probe.saturating_duration_since(now);
    if rest.is_zero() { Ok(()) } else { Err(open(rest)) }
}

fn open(rest: Duration) -> UnavailableError {
    UnavailableError::new("the authorization server has failed again and again")
        .with_retry_after(rest)
}
