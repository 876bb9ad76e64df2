//! Control requests: introspection requests about a token that no caller chose.
//!
//! The response about a caller's token may depend on that token. A control request is about a random token
//! in the form of an opaque one: any response shows that the server works, and `"active": false` is the
//! usual one. It authenticates the client like any introspection request, is not retried, and uses the slot
//! of the caller's request that it is sent before.
//!
//! Some servers respond with 5xx to every token that they did not issue. So if the request about the random
//! token fails, requests about up to three tokens of callers that were active recently follow, and the
//! control request fails only if all of these fail.

mod recently_active;
mod sender;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::circuit_breaker::{CircuitBreaker, ControlPermit, ControlReason, Evidence};
use super::concurrency_limit::{ConcurrencyLimit, Slot};
use super::request::{self, RequestSender};
use super::retry_after_gate::RetryAfterGate;
use crate::{AccessToken, Claims, Clock, ResolveError};
use recently_active::RecentlyActiveTokens;
use sender::ControlRequestSender;

/// Sends control requests, and records their outcomes in the circuit breaker and the retry-after gate.
pub(super) struct ControlRequests {
    context: Arc<Context>,
    request_timeout: Duration,
}

/// What the task of a control request needs.
struct Context {
    sender: ControlRequestSender,
    concurrency_limit: Arc<ConcurrencyLimit>,
    retry_after_gate: Arc<RetryAfterGate>,
    circuit_breaker: Arc<CircuitBreaker>,
}

impl ControlRequests {
    pub(super) fn new(
        requests: Arc<RequestSender>,
        concurrency_limit: Arc<ConcurrencyLimit>,
        retry_after_gate: Arc<RetryAfterGate>,
        circuit_breaker: Arc<CircuitBreaker>,
        request_timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let recently_active = RecentlyActiveTokens::new(clock);
        let sender = ControlRequestSender::new(requests, recently_active, request_timeout);
        let context = Context { sender, concurrency_limit, retry_after_gate, circuit_breaker };
        Self { context: Arc::new(context), request_timeout }
    }

    /// Sends a control request in the slot of a caller's request, and waits for its outcome. Returns the
    /// slot for the caller's request, or the error if that request is blocked now.
    ///
    /// The control request runs in a task, which continues when the caller disconnects: else a caller who
    /// cancels each of their requests could keep the circuit open.
    pub(super) async fn send(
        &self,
        permit: ControlPermit,
        slot: Slot,
        deadline: Instant,
    ) -> Result<Slot, ResolveError> {
        slot.disable_preemption();
        let is_probe = matches!(permit.reason(), ControlReason::Probe(_));
        let (sender, mut ended) = oneshot::channel();
        let in_flight = ControlRequest { context: Arc::clone(&self.context), permit };
        let task = async move {
            let outcome = in_flight.run().await;
            drop(in_flight);
            let _ = sender.send(outcome.map(|()| slot));
        };
        tokio::spawn(task.in_current_span());

        // If the server is slow for all tokens, the caller must not wait twice as long. So after a fifth of
        // the timeout its own request starts while the control request continues, unless the circuit is
        // open.
        if !is_probe {
            let wait = Instant::now() + self.request_timeout / 5;
            match timeout_at(wait.min(deadline), &mut ended).await {
                Ok(outcome) => return outcome.unwrap_or_else(|_| timed_out()),
                Err(_) => {
                    if let Some(slot) = self.context.concurrency_limit.try_acquire() {
                        return Ok(slot);
                    }
                }
            }
        }
        match timeout_at(deadline, ended).await {
            Ok(Ok(outcome)) => outcome,
            _ => timed_out(),
        }
    }

    /// Records the outcome of a caller's request: control requests may be about a token that is active.
    pub(super) fn record(&self, token: &AccessToken, outcome: &Result<Claims, ResolveError>) {
        let recently_active = self.context.sender.recently_active();
        match outcome {
            Ok(claims) => recently_active.insert(token, claims),
            Err(error) if error.is_outage() => recently_active.set_failed(token, true),
            Err(_) => {}
        }
    }
}

/// A control request in flight. Dropping it allows the next one, also after a cancellation or a panic.
struct ControlRequest {
    context: Arc<Context>,
    permit: ControlPermit,
}

impl ControlRequest {
    /// Returns an error if the request that follows is blocked afterwards.
    async fn run(&self) -> Result<(), ResolveError> {
        let Self { context, permit } = self;
        let outcome = context.sender.send(permit.reason(), &context.concurrency_limit).await;
        let evidence = match &outcome {
            Err(error) => context.sender.evidence(error),
            Ok(()) => Evidence::Unconfirmed,
        };
        context.circuit_breaker.record_control(permit, &outcome, evidence);
        context.retry_after_gate.record_control(&outcome);
        let is_blocked = context.circuit_breaker.check_after(permit).is_err()
            || context.retry_after_gate.check_all().is_err();
        if is_blocked { outcome } else { Ok(()) }
    }
}

impl Drop for ControlRequest {
    fn drop(&mut self) {
        self.context.circuit_breaker.release_control(&self.permit);
        if self.permit.reason() == ControlReason::RetryAfter {
            self.context.retry_after_gate.release_control();
        }
    }
}

fn timed_out<T>() -> Result<T, ResolveError> {
    Err(request::timed_out().into())
}
