//! The OAuth 2.0 token introspection client (RFC 7662).
//!
//! From the outside in: a pause that the authorization server named a time for, a circuit breaker, a
//! bound on the exchanges in flight, a deadline, a control request where one is due, one retry, and the
//! exchange itself.
//!
//! Callers choose the tokens, so nothing that is said of one token changes what happens to others: the
//! circuit breaker opens, and a pause for all begins, only if a [control request](control) confirms it.

mod builder;
mod circuit_breaker;
mod client_authentication;
mod concurrency_limit;
mod control_request;
mod endpoint;
mod error_body;
mod http_client;
#[cfg(test)]
mod manual_clock;
mod metadata;
mod request;
mod retry_after;
mod retry_after_gate;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;

pub(crate) use builder::ENDPOINT;
pub use builder::IntrospectionBuilder;
pub use client_authentication::{BearerSource, ClientAuthentication, TokenSource};

use crate::telemetry::{IntrospectionTimer, count};
use crate::{AccessToken, Claims, ResolveError, Resolver, SetupError, Unavailable};
use circuit_breaker::{CircuitBreaker, ControlPermit, ControlReason, Permit, RequestPermit};
use concurrency_limit::{ConcurrencyLimit, Slot};
use control_request::ControlRequests;
use request::RequestSender;
use retry_after_gate::RetryAfterGate;

/// Resolves access tokens by asking the authorization server's introspection endpoint.
///
/// It never follows redirects, keeps to one deadline whatever the server does, reads a bounded
/// answer, has a bounded number of exchanges in flight, and sends a server that keeps failing no
/// exchanges for moments. Without a cache in front of it, every request to a guarded function is one
/// exchange.
///
/// Beside the exchanges there are control requests, about a random token: one before the circuit breaker
/// opens, one after a `Retry-After`, and every other probe while the circuit breaker is open. See
/// [`circuit_breaker_failures`](IntrospectionBuilder::circuit_breaker_failures).
pub struct Introspection(Arc<Inner>);

struct Inner {
    requests: Arc<RequestSender>,
    request_timeout: Duration,
    retry: bool,
    concurrency_limit: Arc<ConcurrencyLimit>,
    retry_after_gate: RetryAfterGate,
    circuit_breaker: CircuitBreaker,
    control_requests: ControlRequests,
}

/// How long the one retry waits at least; jitter adds up to as much again.
const RETRY_DELAY: Duration = Duration::from_millis(50);

impl Introspection {
    /// Discovers the endpoint of a client that was made [from an issuer](Self::from_issuer), once:
    /// call it at start, so that a mistake in the set-up ends the program there. It takes at most four
    /// fifths of the deadline.
    ///
    /// A failure that may pass, such as an authorization server that is down, is logged and no error:
    /// requests discover the endpoint later, and are answered 503 until that succeeds.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// let introspection = requires_auth::Introspection::from_issuer("https://auth.example")
    ///     .client_secret_basic("journal", "the client's secret")
    ///     .build()?;
    /// introspection.discover_at_start().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`SetupError::Discovery`] with a failure that
    /// [is definitive](crate::DiscoveryError::is_definitive).
    pub async fn discover_at_start(&self) -> Result<(), SetupError> {
        self.0.requests.endpoint.discover_at_start().await
    }
}

impl Inner {
    /// Resolves at an endpoint that is known.
    async fn resolve(self: &Arc<Self>, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.retry_after_gate
            .check(token)
            .inspect_err(|_| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "retry_after"))?;
        let open =
            |_: &Unavailable| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "circuit_breaker");
        self.circuit_breaker.check().inspect_err(open)?;
        let slot = self.concurrency_limit.acquire().await;
        let mut slot = slot.inspect_err(
            |_| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "concurrency_limit"),
        )?;
        let end = Instant::now() + self.request_timeout;

        let mut admitted = self.circuit_breaker.acquire().inspect_err(open)?;
        if matches!(&admitted, Permit::Request(permit) if !permit.is_probe())
            && self.retry_after_gate.take_due_control()
        {
            admitted = Permit::Control(self.circuit_breaker.acquire_control_for_retry_after());
        }
        let permit = match admitted {
            Permit::Request(permit) => permit,
            Permit::Control(control) => {
                slot = self.control(control, slot, end).await?.restart();
                self.retry_after_gate.check(token)?;
                self.circuit_breaker.acquire_request().inspect_err(open)?
            }
        };

        let timer = IntrospectionTimer::start();
        let exchange = slot.run(self.introspect(token, &permit, end)).await;
        let resolved = exchange.unwrap_or_else(|preempted| Err(preempted.into()));
        timer.record(&resolved);
        if resolved.as_ref().err().is_none_or(|error| !error.is_outage()) {
            slot.record_response();
        }
        match &resolved {
            Ok(claims) => self.control_requests.keep(token, claims),
            Err(error) => {
                self.retry_after_gate.record(token, error);
                if error.is_outage() {
                    self.control_requests.mark_failed(token);
                }
            }
        }
        if let Some(control) = self.circuit_breaker.record(&permit, &resolved) {
            // The exchange has failed anyhow; all that counts is what the circuit breaker makes of it.
            let _ = self.control(control, slot, end).await;
        }
        resolved
    }

    /// Performs the exchange, until `end`. A probe of the circuit breaker is a single request.
    async fn introspect(
        &self,
        token: &AccessToken,
        permit: &RequestPermit<'_>,
        end: Instant,
    ) -> Result<Claims, ResolveError> {
        let retry = self.retry && !permit.is_probe();
        let attempt = || self.requests.send(token);
        let retries = ExponentialBuilder::default()
            .with_min_delay(RETRY_DELAY)
            .with_max_times(usize::from(retry))
            .with_jitter();
        timeout_at(end, attempt.retry(retries).when(is_transient)).await.unwrap_or_else(|_| late())
    }

    /// Sends a control request in this place, and waits for its outcome: a place to go on in, or the
    /// error of the control request where it concerns the caller as well.
    ///
    /// It goes on when the caller has gone: else somebody who breaks off each of their requests could
    /// keep the circuit open.
    async fn control(
        self: &Arc<Self>,
        control: ControlPermit,
        slot: Slot,
        end: Instant,
    ) -> Result<Slot, ResolveError> {
        slot.disable_preemption();
        let is_probe = matches!(control.reason(), ControlReason::Probe(_));
        let (sender, mut ended) = oneshot::channel();
        let running = Running { inner: Arc::clone(self), control };
        let request = async move {
            let outcome = running.outcome().await;
            drop(running);
            let _ = sender.send(outcome.map(|()| slot));
        };
        tokio::spawn(request.in_current_span());

        // A server that is slow for everybody must not be twice as slow for this caller, so after a while
        // the exchange begins beside the control request. While the circuit is open it does not.
        if !is_probe {
            let patience = Instant::now() + self.request_timeout / 5;
            match timeout_at(patience.min(end), &mut ended).await {
                Ok(outcome) => return outcome.unwrap_or_else(|_| late()),
                Err(_) => {
                    if let Some(slot) = self.concurrency_limit.try_acquire() {
                        return Ok(slot);
                    }
                }
            }
        }
        timeout_at(end, ended).await.map_or_else(|_| late(), |it| it.unwrap_or_else(|_| late()))
    }
}

/// A control request under way.
struct Running {
    inner: Arc<Inner>,
    control: ControlPermit,
}

impl Running {
    /// An error where nobody should send an exchange now.
    async fn outcome(&self) -> Result<(), ResolveError> {
        let Self { inner, control } = self;
        let outcome = inner.control_requests.send(control.reason(), &inner.concurrency_limit).await;
        inner.circuit_breaker.record_control(control, &outcome);
        inner.retry_after_gate.record_control(&outcome);
        let for_all =
            inner.circuit_breaker.check().is_err() || inner.retry_after_gate.check_all().is_err();
        if for_all { outcome } else { Ok(()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.inner.circuit_breaker.release_control(&self.control);
        if self.control.reason() == ControlReason::RetryAfter {
            self.inner.retry_after_gate.release_control();
        }
    }
}

fn late<T>() -> Result<T, ResolveError> {
    Err(Unavailable::new("the authorization server did not answer in time").into())
}

fn is_transient(error: &ResolveError) -> bool {
    matches!(error, ResolveError::Unavailable(unavailable) if unavailable.is_transient())
}

impl Resolver for Introspection {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let Self(inner) = self;
        let endpoint = &inner.requests.endpoint;
        if endpoint.get().is_ok() {
            return inner.resolve(token).await;
        }
        let both = async {
            let discovered = endpoint.discover().await;
            discovered
                .inspect_err(|_| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "discovery"))?;
            inner.resolve(token).await
        };
        // One deadline for both, whatever each takes.
        timeout(inner.request_timeout, both).await.unwrap_or_else(|_| late())
    }

    /// The endpoint, or the issuer that it is discovered from; which
    /// [client](IntrospectionBuilder::client_identity) this is, since a server may answer each client
    /// differently about a token (RFC 7662 §2.2); and where the scopes are read.
    fn cache_namespace(&self) -> String {
        self.0.requests.name()
    }

    fn client_id(&self) -> Option<&str> {
        self.0.requests.authentication.client_id()
    }

    fn vouches_for_issuer(&self) -> bool {
        true
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("exchange", &self.0.requests).finish_non_exhaustive()
    }
}
