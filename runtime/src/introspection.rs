//! The OAuth 2.0 token introspection client (RFC 7662).
//!
//! From the outside in: a pause that the authorization server asked for, a bound on the exchanges
//! in flight, a circuit breaker, a deadline, one retry, and the exchange itself.

mod breaker;
mod builder;
mod client_authentication;
mod discovery;
mod endpoint;
mod error_body;
mod exchange;
mod http_client;
mod pause;
mod retry_after;

use std::fmt;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub(crate) use builder::ENDPOINT;
pub use builder::IntrospectionBuilder;
pub use client_authentication::{BearerSource, ClientAuthentication, TokenSource};

use crate::telemetry::{Stopwatch, count};
use crate::{AccessToken, Claims, ResolveError, Resolver, SetupError, Unavailable};
use breaker::{Breaker, Passage};
use exchange::Exchange;
use pause::Pause;

/// Resolves access tokens by asking the authorization server's introspection endpoint.
///
/// It never follows redirects, keeps to one deadline whatever the server does, reads a bounded
/// answer, asks at most a bounded number of questions at once, and leaves a server that keeps
/// failing alone for moments. Without a cache in front of it, every request to a guarded function
/// is one exchange.
pub struct Introspection {
    exchange: Exchange,
    deadline: Duration,
    retry: bool,
    in_flight: Semaphore,
    pause: Pause,
    breaker: Breaker,
}

/// When to come back after a refusal because of too many exchanges: they end within moments.
const CROWDED: Duration = Duration::from_secs(1);

const TOO_LATE: &str = "the authorization server did not answer in time";

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
        self.exchange.endpoint.attempt_at_start().await
    }

    /// Asks, within the deadline. A probe of the circuit breaker is a single request.
    async fn ask(&self, token: &AccessToken, passage: &Passage) -> Result<Claims, ResolveError> {
        let retry = self.retry && !passage.is_probe();
        let attempt = || self.exchange.perform(token);
        let retries = ExponentialBuilder::default()
            .with_min_delay(RETRY_DELAY)
            .with_max_times(usize::from(retry))
            .with_jitter();
        timeout(self.deadline, attempt.retry(retries).when(is_transient))
            .await
            .unwrap_or_else(|_| Err(Unavailable::new(TOO_LATE).into()))
    }
}

fn is_transient(error: &ResolveError) -> bool {
    matches!(error, ResolveError::Unavailable(unavailable) if unavailable.is_transient())
}

impl Introspection {
    /// Resolves at an endpoint that is known.
    async fn introspect(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.pause.check().inspect_err(|_| count!(EXCHANGES_WITHHELD, "cause" => "pause"))?;
        let _permit = self.in_flight.try_acquire().map_err(|_| {
            count!(EXCHANGES_WITHHELD, "cause" => "crowd");
            Unavailable::new("too many exchanges with the authorization server are in flight")
                .with_retry_after(CROWDED)
        })?;
        let passage = self.breaker.admit();
        let passage = passage.inspect_err(|_| count!(EXCHANGES_WITHHELD, "cause" => "breaker"))?;
        let stopwatch = Stopwatch::start();
        let resolved = self.ask(token, &passage).await;
        stopwatch.stop(&resolved);
        self.breaker.observe(&passage, &resolved);
        if let Err(ResolveError::Unavailable(unavailable)) = &resolved {
            self.pause.observe(unavailable);
        }
        resolved
    }
}

impl Resolver for Introspection {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        if self.exchange.endpoint.known().is_ok() {
            return self.introspect(token).await;
        }
        let both = async {
            let discovered = self.exchange.endpoint.discover().await;
            discovered.inspect_err(|_| count!(EXCHANGES_WITHHELD, "cause" => "discovery"))?;
            self.introspect(token).await
        };
        // One deadline for both, whatever each takes.
        timeout(self.deadline, both)
            .await
            .unwrap_or_else(|_| Err(Unavailable::new(TOO_LATE).into()))
    }

    /// The endpoint, or the issuer that it is discovered from; the client id where there is one, since
    /// a server may tell each client something else about a token (RFC 7662 §2.2); and where the scopes
    /// are read.
    fn name(&self) -> String {
        self.exchange.name()
    }

    fn client_id(&self) -> Option<&str> {
        self.exchange.authentication.client_id()
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}
