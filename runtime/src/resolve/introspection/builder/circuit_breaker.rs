//! The settings of the circuit breaker.

use std::time::Duration;

use super::IntrospectionBuilder;

impl IntrospectionBuilder {
    /// Sets the number of consecutive failures after which the circuit breaker opens, which must be at least
    /// one. While it is open, requests get a 503 at once, except for one probe per
    /// [interval](Self::circuit_breaker_probe_interval). Default: 5.
    ///
    /// A request fails if it gets no response in time, if the connection breaks, if the status is neither 200
    /// nor 4xx, or if the body of a 200 does not start like a JSON object. An inactive token, rejected client
    /// credentials, and a response that only this token can cause are no failures: the server works.
    ///
    /// The last failure must be that of a control request: an introspection request about a random token,
    /// sent before the next caller's request when all others have failed. So callers cannot open the circuit
    /// breaker with tokens of their own, whatever the server responds to those. If the request about the
    /// random token fails, up to three tokens that were active recently are tried, since some servers respond
    /// with 5xx to every token that they did not issue. At most one control request is sent for each four
    /// failures, and it counts for [`max_in_flight`](Self::max_in_flight). With a limit of 1, a control
    /// request follows each failure.
    ///
    /// Before any token has been active in this process, a server that responds with 5xx to every token
    /// that it did not issue looks like one that is down: such tokens then open the circuit breaker, until a
    /// probe with an active token closes it.
    pub fn circuit_breaker_failures(mut self, failures: u32) -> Self {
        self.circuit_breaker_failures.set(failures);
        self
    }

    /// Sets how often an open circuit breaker sends a probe, without a retry: in turn a caller's request and
    /// a control request. The first response closes it. More than 0 and at most 60 s. Default: 500 ms.
    ///
    /// After that, two introspection requests may be in flight at first, and twice as many after each round
    /// trip or 100 ms, up to [`max_in_flight`](Self::max_in_flight). Others get a 503 with `Retry-After: 1`.
    pub fn circuit_breaker_probe_interval(mut self, interval: Duration) -> Self {
        self.circuit_breaker_probe_interval.set(interval);
        self
    }

    /// Disables the circuit breaker. It is an error beside a setting of the circuit breaker. Default: enabled.
    pub fn without_circuit_breaker(mut self) -> Self {
        self.circuit_breaker = false;
        self
    }
}
