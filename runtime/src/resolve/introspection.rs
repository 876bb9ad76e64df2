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
mod discovery;
mod endpoint;
mod error_response;
mod http_client;
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

use crate::telemetry::{Stopwatch, count};
use crate::{AccessToken, Claims, ResolveError, Resolver, SetupError, Unavailable};
use circuit_breaker::{Admitted, Breaker, Control, Passage};
use concurrency_limit::{CROWDED, InFlight, Place};
use control_request::ControlRequests;
use request::Exchange;
use retry_after_gate::Pause;

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
    exchange: Arc<Exchange>,
    deadline: Duration,
    retry: bool,
    in_flight: Arc<InFlight>,
    pause: Pause,
    breaker: Breaker,
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
        self.0.exchange.endpoint.attempt_at_start().await
    }
}

impl Inner {
    /// Resolves at an endpoint that is known.
    async fn resolve(self: &Arc<Self>, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.pause
            .check(token)
            .inspect_err(|_| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "retry_after"))?;
        let open =
            |_: &Unavailable| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "circuit_breaker");
        self.breaker.check().inspect_err(open)?;
        let place = self.in_flight.enter().await;
        let mut place = place.inspect_err(
            |_| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "concurrency_limit"),
        )?;
        let end = Instant::now() + self.deadline;

        let mut admitted = self.breaker.admit().inspect_err(open)?;
        if matches!(&admitted, Admitted::Exchange(passage) if !passage.is_probe())
            && self.pause.take_suspicion()
        {
            admitted = Admitted::Control(self.breaker.control_for_pause());
        }
        let passage = match admitted {
            Admitted::Exchange(passage) => passage,
            Admitted::Control(control) => {
                place = self.control(control, place, end).await?.begin_again();
                self.pause.check(token)?;
                self.breaker.admit_exchange().inspect_err(open)?
            }
        };

        let stopwatch = Stopwatch::start();
        let exchange = place.hold(self.introspect(token, &passage, end)).await;
        let resolved = exchange.unwrap_or_else(|| {
            let displaced = Unavailable::new("the exchange took long, and others were waiting");
            Err(displaced.with_retry_after(CROWDED).withheld().into())
        });
        stopwatch.stop(&resolved);
        if resolved.as_ref().err().is_none_or(|error| !error.is_outage()) {
            place.answered();
        }
        match &resolved {
            Ok(claims) => self.control_requests.keep(token, claims),
            Err(error) => {
                self.pause.observe(token, error);
                if error.is_outage() {
                    self.control_requests.mark_failed(token);
                }
            }
        }
        if let Some(control) = self.breaker.observe(&passage, &resolved) {
            // The exchange has failed anyhow; all that counts is what the circuit breaker makes of it.
            let _ = self.control(control, place, end).await;
        }
        resolved
    }

    /// Performs the exchange, until `end`. A probe of the circuit breaker is a single request.
    async fn introspect(
        &self,
        token: &AccessToken,
        passage: &Passage<'_>,
        end: Instant,
    ) -> Result<Claims, ResolveError> {
        let retry = self.retry && !passage.is_probe();
        let attempt = || self.exchange.perform(token);
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
        control: Control,
        place: Place,
        end: Instant,
    ) -> Result<Place, ResolveError> {
        place.keep();
        let is_probe = control.probe().is_some();
        let (sender, mut ended) = oneshot::channel();
        let running = Running { inner: Arc::clone(self), control };
        let request = async move {
            let outcome = running.outcome().await;
            drop(running);
            let _ = sender.send(outcome.map(|()| place));
        };
        tokio::spawn(request.in_current_span());

        // A server that is slow for everybody must not be twice as slow for this caller, so after a while
        // the exchange begins beside the control request. While the circuit is open it does not.
        if !is_probe {
            let patience = Instant::now() + self.deadline / 5;
            match timeout_at(patience.min(end), &mut ended).await {
                Ok(outcome) => return outcome.unwrap_or_else(|_| late()),
                Err(_) => {
                    if let Some(place) = self.in_flight.enter_if_free() {
                        return Ok(place);
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
    control: Control,
}

impl Running {
    /// An error where nobody should send an exchange now.
    async fn outcome(&self) -> Result<(), ResolveError> {
        let Self { inner, control } = self;
        let outcome = inner.control_requests.send(control.probe(), &inner.in_flight).await;
        inner.breaker.observe_control(control, &outcome);
        inner.pause.observe_control(&outcome);
        let for_all = inner.breaker.check().is_err() || inner.pause.check_all().is_err();
        if for_all { outcome } else { Ok(()) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.inner.breaker.end_control(&self.control);
        if self.control.is_for_pause() {
            self.inner.pause.end_control();
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
        let endpoint = &inner.exchange.endpoint;
        if endpoint.known().is_ok() {
            return inner.resolve(token).await;
        }
        let both = async {
            let discovered = endpoint.discover().await;
            discovered
                .inspect_err(|_| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => "discovery"))?;
            inner.resolve(token).await
        };
        // One deadline for both, whatever each takes.
        timeout(inner.deadline, both).await.unwrap_or_else(|_| late())
    }

    /// The endpoint, or the issuer that it is discovered from; which
    /// [client](IntrospectionBuilder::client_identity) this is, since a server may answer each client
    /// differently about a token (RFC 7662 §2.2); and where the scopes are read.
    fn cache_namespace(&self) -> String {
        self.0.exchange.name()
    }

    fn client_id(&self) -> Option<&str> {
        self.0.exchange.authentication.client_id()
    }

    fn vouches_for_issuer(&self) -> bool {
        true
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("exchange", &self.0.exchange).finish_non_exhaustive()
    }
}
