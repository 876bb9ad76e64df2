//! The OAuth 2.0 token introspection client (RFC 7662).
//!
//! An introspection request passes, in this order:
//! 1. the [retry-after gate](retry_after_gate), which blocks requests until a time that the authorization
//!    server named;
//! 2. the [circuit breaker](circuit_breaker), which blocks requests to a server that keeps failing;
//! 3. the [concurrency limit](concurrency_limit), which gives it a slot;
//! 4. a [control request](control_request), where the circuit breaker or the gate needs one;
//! 5. the [request](request) with at most one retry, and the [response](response).
//!
//! A caller chooses the token, so a response about one token never affects requests about other tokens: the
//! circuit breaker opens, and the gate blocks requests about all tokens, only if a control request, which
//! is about a token that no caller chose, gets the same response.

#[cfg(feature = "jwt")]
pub(crate) mod assertion_key;
mod authenticator;
mod builder;
mod circuit_breaker;
#[cfg(feature = "jwt")]
pub(crate) mod client_assertion;
pub(crate) mod client_authentication;
pub(crate) mod client_authenticator;
mod client_credentials_grant;
mod client_identity;
mod concurrency_limit;
mod control_request;
pub(crate) mod credentials;
pub(crate) mod defaults;
pub(crate) mod error_body;
pub(crate) mod granted_token;
mod request;
mod response;
pub(crate) mod retry_after;
mod retry_after_gate;
#[cfg(feature = "jwt")]
mod signed_response;
pub(crate) mod token_source;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::time::{Instant, timeout, timeout_at};

pub(crate) use builder::INTROSPECTION_URL;
pub use builder::IntrospectionBuilder;
#[cfg(feature = "jwt")]
pub use client_assertion::ClientAssertion;
pub use client_authentication::ClientAuthentication;
pub use client_credentials_grant::ClientCredentialsGrant;
#[cfg(feature = "jwt")]
pub use signed_response::SignedResponse;
pub use token_source::{BearerSource, TokenSource};

use crate::telemetry::{IntrospectionTimer, count};
use crate::{AccessToken, Claims, ResolveError, Resolver, SetupError};
use circuit_breaker::{CircuitBreaker, Permit, RequestPermit};
use concurrency_limit::{ConcurrencyLimit, Slot};
use control_request::ControlRequests;
use request::RequestSender;
use retry_after_gate::RetryAfterGate;

/// Resolves access tokens by requests to the introspection endpoint of an authorization server (RFC 7662).
///
/// It does not follow redirects, limits the duration of each request, the length of each response and the
/// number of requests in flight, and stops sending requests to a server that keeps failing. It caches
/// nothing: without a [`Cached`](crate::Cached) around it, each request to a guarded function causes an
/// introspection request.
///
/// It also sends control requests, which are about a random token: one before the circuit breaker opens,
/// one after a `Retry-After`, and every other probe while the circuit breaker is open. See
/// [`circuit_breaker_failures`](IntrospectionBuilder::circuit_breaker_failures).
///
/// ```
/// use requires_auth::Introspection;
///
/// # async fn run() -> Result<(), requires_auth::SetupError> {
/// let introspection = Introspection::builder("https://auth.example/introspect")
///     .client_secret_basic("journal", "the client's secret")
///     .build()?;
/// # Ok(()) }
/// ```
pub struct Introspection {
    requests: Arc<RequestSender>,
    request_timeout: Duration,
    retry: bool,
    concurrency_limit: Arc<ConcurrencyLimit>,
    retry_after_gate: Arc<RetryAfterGate>,
    circuit_breaker: Arc<CircuitBreaker>,
    control_requests: ControlRequests,
}

/// The minimum delay before the retry. Jitter adds up to as much again.
const RETRY_DELAY: Duration = Duration::from_millis(50);

impl Introspection {
    /// Discovers the endpoint of a client that was built [from an issuer](Self::from_issuer), the key set where signed
    /// responses are required, and the token endpoint where a token is obtained there. Call it at start, so that a
    /// mistake in the configuration ends the program there. It takes at most four fifths of
    /// [`request_timeout`](IntrospectionBuilder::request_timeout), and does nothing for a client whose endpoint is
    /// configured.
    ///
    /// A failure that a later attempt can resolve, such as an authorization server that is down, is logged
    /// and is no error: requests discover the endpoint later, and get a 503 until then.
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
        self.requests.endpoint.discover_at_start().await?;
        self.requests.authenticator.discover_at_start().await?;
        #[cfg(feature = "jwt")]
        if let Some(verifier) = &self.requests.response_reader.signature {
            verifier.keys.fetch_at_start().await?;
        }
        Ok(())
    }
}

impl Resolver for Introspection {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let endpoint = &self.requests.endpoint;
        if endpoint.get().is_ok() {
            return self.introspect(token).await;
        }
        let discover_and_introspect = async {
            endpoint.discover().await.inspect_err(count_not_sent("discovery"))?;
            self.introspect(token).await
        };
        // One timeout for both.
        let outcome = timeout(self.request_timeout, discover_and_introspect).await;
        outcome.unwrap_or_else(|_| Err(request::timed_out().into()))
    }

    /// Names the endpoint or the issuer that it is discovered from, the
    /// [client](IntrospectionBuilder::client_identity), since a server may respond to each client differently
    /// (RFC 7662 §2.2), and the claims with the scopes.
    fn cache_namespace(&self) -> String {
        self.requests.cache_namespace()
    }

    fn client_id(&self) -> Option<&str> {
        self.requests.authenticator.client_id()
    }

    fn vouches_for_issuer(&self) -> bool {
        true
    }
}

impl Introspection {
    /// Sends an introspection request to an endpoint that is discovered.
    async fn introspect(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.retry_after_gate.check(token).inspect_err(count_not_sent("retry_after"))?;
        self.circuit_breaker.check(token).inspect_err(count_not_sent("circuit_breaker"))?;
        let slot = self.concurrency_limit.acquire().await;
        let slot = slot.inspect_err(count_not_sent("concurrency_limit"))?;
        let deadline = Instant::now() + self.request_timeout;
        let (permit, mut slot) = self.acquire_permit(token, slot, deadline).await?;

        let timer = IntrospectionTimer::start();
        let outcome = slot.run(self.send(token, &permit, deadline)).await;
        let outcome = outcome.unwrap_or_else(|preempted| Err(preempted.into()));
        timer.record(&outcome);
        self.record(token, &slot, &outcome);
        if let Some(control) = self.circuit_breaker.record(&permit, &outcome) {
            // Its outcome opens the circuit or not, and does not change that of this request.
            let _ = self.control_requests.send(control, slot, deadline).await;
        }
        outcome
    }

    /// Returns the circuit breaker's permit for an introspection request, after the control request that is
    /// due before it.
    async fn acquire_permit(
        &self,
        token: &AccessToken,
        slot: Slot,
        deadline: Instant,
    ) -> Result<(RequestPermit<'_>, Slot), ResolveError> {
        let permit = self.circuit_breaker.acquire(token);
        let control = match permit.inspect_err(count_not_sent("circuit_breaker"))? {
            Permit::Request(permit)
                if permit.is_probe() || !self.retry_after_gate.take_due_control() =>
            {
                return Ok((permit, slot));
            }
            Permit::Request(_) => self.circuit_breaker.acquire_control_for_retry_after(token),
            Permit::Control(control) => control,
        };
        let slot = self.control_requests.send(control, slot, deadline).await?.restart();
        self.retry_after_gate.check(token)?;
        let permit = self.circuit_breaker.acquire_request(token);
        Ok((permit.inspect_err(count_not_sent("circuit_breaker"))?, slot))
    }

    /// Sends the request, and retries it once before the deadline. A probe is not retried.
    async fn send(
        &self,
        token: &AccessToken,
        permit: &RequestPermit<'_>,
        deadline: Instant,
    ) -> Result<Claims, ResolveError> {
        let retry = self.retry && !permit.is_probe();
        let retries = ExponentialBuilder::default()
            .with_min_delay(RETRY_DELAY)
            .with_max_times(usize::from(retry))
            .with_jitter();
        let attempt = || self.requests.send(token);
        let outcome = timeout_at(deadline, attempt.retry(retries).when(is_transient)).await;
        outcome.unwrap_or_else(|_| Err(request::timed_out().into()))
    }

    fn record(&self, token: &AccessToken, slot: &Slot, outcome: &Result<Claims, ResolveError>) {
        if !outcome.as_ref().is_err_and(ResolveError::is_outage) {
            slot.record_response();
        }
        if let Err(error) = outcome {
            self.retry_after_gate.record(token, error);
        }
        self.control_requests.record(token, outcome);
    }
}

fn count_not_sent<E>(cause: &'static str) -> impl FnOnce(&E) {
    move |_| count!(INTROSPECTION_REQUESTS_NOT_SENT, "cause" => cause)
}

fn is_transient(error: &ResolveError) -> bool {
    matches!(error, ResolveError::Unavailable(unavailable) if unavailable.is_transient())
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("requests", &self.requests).finish_non_exhaustive()
    }
}
