//! A circuit breaker: no exchanges for moments with an authorization server that keeps failing.
//!
//! Whoever can send requests to this server chooses tokens, and the answer to a token may depend on it:
//! Better Auth answers 500 to whatever looks like a JWT and is none. So failed exchanges are only a
//! suspicion, however many they are. What opens the circuit is a [control request](super::control_request),
//! about a token that no caller chose: when one failure less than the limit is counted, the next
//! caller's exchange waits for a control request, whose failure is the last that it takes. A real outage
//! opens the circuit at exactly the stated number, with one token in use or many; an attacker causes one
//! more exchange for each four of his own, and nothing else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::telemetry::gauge;
use crate::{Claims, Clock, ResolveError, SetupError, Unavailable};

/// Opens after failures in a row, the last of them that of a control request. While it is open, one
/// request per period is let through as a probe, in turn a caller's exchange and a control request: a
/// caller whose own token fails, and who is always the first of a period, delays the recovery by one
/// period at most. The first answer closes the circuit.
///
/// The next probe's time is set when a probe begins, not when it ends. So nothing has to be cleaned
/// up after a probe that is cancelled or panics, and one that hangs does not delay the recovery.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    settings: Option<Settings>,
    /// How many exchanges may be in flight when the recovery is complete.
    max_in_flight: usize,
    circuit: Mutex<Circuit>,
    clock: Arc<dyn Clock>,
}

/// When a [`CircuitBreaker`] opens, and how often it probes.
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
    const PROBE_INTERVAL: Duration = Duration::from_millis(500);

    /// A longer one would keep callers away from a server that is back.
    const MAX_PROBE_INTERVAL: Duration = Duration::from_secs(60);

    pub(super) fn check(&self) -> Result<(), SetupError> {
        if self.failures == 0 {
            return Err(SetupError::Setting("`circuit_breaker_failures` must be at least 1"));
        }
        if self.period.is_zero() || self.period > Self::MAX_PROBE_INTERVAL {
            return Err(SetupError::Setting(
                "`circuit_breaker_probe_interval` must be more than 0 and at most 60 seconds",
            ));
        }
        Ok(())
    }

    /// How many failures of callers' exchanges there are before a control request.
    fn failures_before_control(&self) -> u32 {
        (self.failures - 1).max(1)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { failures: Self::FAILURES, period: Self::PROBE_INTERVAL }
    }
}

#[derive(Debug)]
struct Circuit {
    /// How often it has been closed.
    generation: u64,
    /// How often the count of failures has begun anew.
    series: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32, control: bool, slow_start: Option<SlowStart> },
    Open { next_probe: Instant, period: Duration, probes: usize },
}

impl State {
    const CLOSED: Self = Self::Closed { failures: 0, control: false, slow_start: None };
}

/// How many exchanges may be in flight after the circuit has been closed. All who were refused during
/// the outage come back at once, and a server that has just come up would go down under them. So there
/// are two at first, one more for each answer, which doubles them in each round trip, and twice as many
/// every 100 ms, so that exchanges that hang do not keep others away.
#[derive(Debug)]
struct SlowStart {
    since: Instant,
    answered: usize,
    in_flight: usize,
}

impl SlowStart {
    const AT_FIRST: usize = 2;
    const DOUBLING: u128 = 100;
    const RETRY_AFTER: Duration = Duration::from_secs(1);

    fn new(since: Instant) -> Self {
        Self { since, answered: 0, in_flight: 0 }
    }

    fn start_request(&mut self, now: Instant) -> Result<(), Unavailable> {
        if self.in_flight >= self.allowed(now) {
            return Err(Unavailable::new("the authorization server has only just recovered")
                .with_retry_after(Self::RETRY_AFTER));
        }
        self.in_flight += 1;
        Ok(())
    }

    fn allowed(&self, now: Instant) -> usize {
        let doublings = now.saturating_duration_since(self.since).as_millis() / Self::DOUBLING;
        let doublings = u32::try_from(doublings).unwrap_or(u32::MAX);
        let factor = 2_usize.saturating_pow(doublings);
        Self::AT_FIRST.saturating_add(self.answered).saturating_mul(factor)
    }
}

impl Circuit {
    fn open(&mut self, now: Instant, period: Duration) {
        self.state = State::Open { next_probe: now + period, period, probes: 0 };
        gauge!(CIRCUIT_BREAKERS_OPEN; increment 1.0);
        tracing::warn!(target: "requires_auth", "circuit breaker opened");
    }

    fn close(&mut self, now: Instant) {
        self.generation += 1;
        self.series += 1;
        let slow_start = Some(SlowStart::new(now));
        self.state = State::Closed { failures: 0, control: false, slow_start };
        gauge!(CIRCUIT_BREAKERS_OPEN; decrement 1.0);
        tracing::info!(target: "requires_auth", "circuit breaker closed");
    }
}

/// What may be sent.
#[derive(Debug)]
pub(super) enum Permit<'a> {
    /// The caller's exchange.
    Request(RequestPermit<'a>),
    /// A control request; the caller's exchange afterwards.
    Control(ControlPermit),
}

/// Leave for one exchange, to be handed back with the outcome.
#[derive(Debug)]
#[must_use]
pub(super) struct RequestPermit<'a> {
    breaker: &'a CircuitBreaker,
    generation: u64,
    is_probe: bool,
    in_slow_start: bool,
}

impl RequestPermit<'_> {
    /// Whether the circuit is open, so that this must be a single request.
    pub(super) fn is_probe(&self) -> bool {
        self.is_probe
    }
}

impl Drop for RequestPermit<'_> {
    fn drop(&mut self) {
        if !self.in_slow_start {
            return;
        }
        let mut circuit = self.breaker.circuit();
        if circuit.generation == self.generation
            && let State::Closed { slow_start: Some(slow_start), .. } = &mut circuit.state
        {
            slow_start.in_flight = slow_start.in_flight.saturating_sub(1);
        }
    }
}

/// Leave for one control request, to be handed back with the outcome.
#[derive(Debug)]
#[must_use]
pub(super) struct ControlPermit {
    generation: u64,
    series: u64,
    /// Which probe of an open circuit it is.
    probe: Option<usize>,
    /// Whether no other may begin before it ends.
    exclusive: bool,
    /// Whether it is there because of a [pause](super::retry_after_gate).
    for_pause: bool,
}

impl ControlPermit {
    pub(super) fn probe(&self) -> Option<usize> {
        self.probe
    }

    pub(super) fn is_for_pause(&self) -> bool {
        self.for_pause
    }
}

impl CircuitBreaker {
    /// Without settings it never opens.
    pub(super) fn new(
        settings: Option<Settings>,
        max_in_flight: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let circuit = Circuit { generation: 0, series: 0, state: State::CLOSED };
        Self { settings, max_in_flight, circuit: Mutex::new(circuit), clock }
    }

    /// An error while the circuit is open and no probe is due.
    pub(super) fn check(&self) -> Result<(), Unavailable> {
        match &self.circuit().state {
            State::Open { next_probe, .. } => open_until(*next_probe, self.clock.instant()),
            State::Closed { .. } => Ok(()),
        }
    }

    /// Says what may be sent for a caller, or when to try again.
    pub(super) fn acquire(&self) -> Result<Permit<'_>, Unavailable> {
        let mut circuit = self.circuit();
        let (generation, series) = (circuit.generation, circuit.series);
        match &mut circuit.state {
            State::Closed { failures, control, .. } => {
                let failures_before_control = self
                    .settings
                    .is_some_and(|settings| *failures >= settings.failures_before_control());
                if failures_before_control && !*control {
                    *control = true;
                    return Ok(Permit::Control(ControlPermit {
                        generation,
                        series,
                        probe: None,
                        exclusive: true,
                        for_pause: false,
                    }));
                }
            }
            State::Open { next_probe, period, probes } => {
                let now = self.clock.instant();
                open_until(*next_probe, now)?;
                *next_probe = now + *period;
                let probe = *probes;
                *probes += 1;
                // A caller's exchange first: it is what somebody is waiting for.
                return Ok(if probe % 2 == 0 {
                    let permit = RequestPermit {
                        breaker: self,
                        generation,
                        is_probe: true,
                        in_slow_start: false,
                    };
                    Permit::Request(permit)
                } else {
                    Permit::Control(ControlPermit {
                        generation,
                        series,
                        probe: Some(probe / 2),
                        exclusive: false,
                        for_pause: false,
                    })
                });
            }
        }
        drop(circuit);
        self.acquire_request().map(Permit::Request)
    }

    /// Says whether a caller's exchange may be sent, whatever is suspected.
    pub(super) fn acquire_request(&self) -> Result<RequestPermit<'_>, Unavailable> {
        let mut circuit = self.circuit();
        let now = self.clock.instant();
        let in_slow_start = match &mut circuit.state {
            State::Open { next_probe, .. } => {
                return Err(failing(next_probe.saturating_duration_since(now)));
            }
            State::Closed { slow_start, .. } => {
                if slow_start.as_ref().is_some_and(|it| it.allowed(now) >= self.max_in_flight) {
                    *slow_start = None;
                }
                if let Some(slow_start) = slow_start {
                    slow_start.start_request(now)?;
                }
                slow_start.is_some()
            }
        };
        Ok(RequestPermit {
            breaker: self,
            generation: circuit.generation,
            is_probe: false,
            in_slow_start,
        })
    }

    /// Counts the outcome of a caller's exchange. What is returned is a control request that is due at
    /// once, where a single failure is to open the circuit.
    pub(super) fn record(
        &self,
        permit: &RequestPermit<'_>,
        outcome: &Result<Claims, ResolveError>,
    ) -> Option<ControlPermit> {
        let settings = self.settings?;
        let failed = outcome.as_ref().is_err_and(ResolveError::is_outage);
        let mut circuit = self.circuit();
        if !failed {
            self.answered(&mut circuit);
            return None;
        }
        let (generation, series) = (circuit.generation, circuit.series);
        match &mut circuit.state {
            // It began before the last recovery: what it met is over.
            State::Closed { .. } if permit.generation != generation => None,
            State::Closed { failures, control, .. } => {
                *failures = failures.saturating_add(1);
                let due = settings.failures == 1 && !*control;
                *control |= due;
                due.then_some(ControlPermit {
                    generation,
                    series,
                    probe: None,
                    exclusive: true,
                    for_pause: false,
                })
            }
            State::Open { .. } => None,
        }
    }

    /// A control request that a suspected pause is the reason for.
    pub(super) fn control_for_retry_after(&self) -> ControlPermit {
        let circuit = self.circuit();
        ControlPermit {
            generation: circuit.generation,
            series: circuit.series,
            probe: None,
            exclusive: false,
            for_pause: true,
        }
    }

    /// Counts the outcome of a control request.
    pub(super) fn record_control(
        &self,
        control: &ControlPermit,
        outcome: &Result<(), ResolveError>,
    ) {
        let Some(settings) = self.settings else { return };
        let failed = outcome.as_ref().is_err_and(ResolveError::is_outage);
        let mut circuit = self.circuit();
        if !failed {
            self.answered(&mut circuit);
            return;
        }
        let current = circuit.generation == control.generation && circuit.series == control.series;
        match &circuit.state {
            // Only if nobody has got an answer since it began.
            State::Closed { failures, .. }
                if current && *failures >= settings.failures_before_control() =>
            {
                circuit.open(self.clock.instant(), settings.period);
            }
            State::Closed { .. } | State::Open { .. } => {}
        }
    }

    /// Ends a control request, whatever became of it.
    pub(super) fn release_control(&self, ended: &ControlPermit) {
        let mut circuit = self.circuit();
        let generation = circuit.generation;
        if let State::Closed { control, .. } = &mut circuit.state
            && generation == ended.generation
            && ended.exclusive
        {
            *control = false;
        }
    }

    fn answered(&self, circuit: &mut Circuit) {
        match &mut circuit.state {
            State::Closed { failures, slow_start, .. } => {
                *failures = 0;
                circuit.series += 1;
                if let Some(slow_start) = slow_start {
                    slow_start.answered += 1;
                }
            }
            State::Open { .. } => circuit.close(self.clock.instant()),
        }
    }

    /// Never held across an `await`.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_until(next_probe: Instant, now: Instant) -> Result<(), Unavailable> {
    let rest = next_probe.saturating_duration_since(now);
    if rest.is_zero() { Ok(()) } else { Err(failing(rest)) }
}

fn failing(rest: Duration) -> Unavailable {
    Unavailable::new("the authorization server has failed again and again").with_retry_after(rest)
}

#[cfg(test)]
mod tests;
