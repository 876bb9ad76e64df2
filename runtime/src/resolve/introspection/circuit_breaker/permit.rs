//! The permits for requests to the authorization server.

use super::CircuitBreaker;
use super::failed_tokens::TokenHash;
use super::state::{Series, State};

/// The request that may be sent next.
#[derive(Debug)]
pub(in super::super) enum Permit<'a> {
    /// The caller's introspection request.
    Request(RequestPermit<'a>),
    /// A control request. The caller's introspection request follows when it has ended.
    Control(ControlPermit),
}

/// The permit for one introspection request, which its outcome is [recorded](CircuitBreaker::record) with.
#[derive(Debug)]
#[must_use]
pub(in super::super) struct RequestPermit<'a> {
    pub(super) circuit_breaker: &'a CircuitBreaker,
    pub(super) series: Series,
    pub(super) token: TokenHash,
    pub(super) is_probe: bool,
    /// Whether it is the first request about its token while the circuit is open without confirmation.
    pub(super) is_first: bool,
    pub(super) in_slow_start: bool,
}

/// The permit for one control request, which its outcome is [recorded](CircuitBreaker::record_control) with.
#[derive(Debug)]
#[must_use]
pub(in super::super) struct ControlPermit {
    pub(super) series: Series,
    pub(super) reason: ControlReason,
    /// The token of the caller whose request follows.
    pub(super) token: TokenHash,
}

/// Why a control request is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum ControlReason {
    /// The number of failures is one below the limit. No other control request for this reason is in
    /// flight.
    Failures,
    /// The circuit is open. The number counts the control requests since it opened.
    Probe(usize),
    /// The response to a caller's introspection request had a `Retry-After`.
    RetryAfter,
}

impl RequestPermit<'_> {
    /// Whether the circuit is open. The introspection request is then not retried.
    pub(in super::super) fn is_probe(&self) -> bool {
        self.is_probe
    }
}

impl Drop for RequestPermit<'_> {
    fn drop(&mut self) {
        if !self.in_slow_start {
            return;
        }
        let mut circuit = self.circuit_breaker.circuit();
        if circuit.series.closings == self.series.closings
            && let State::Closed { slow_start: Some(slow_start), .. } = &mut circuit.state
        {
            slow_start.end_request();
        }
    }
}

impl ControlPermit {
    pub(in super::super) fn reason(&self) -> ControlReason {
        self.reason
    }
}
