//! The introspection endpoint: given, or discovered from the issuer when it is first needed.

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use reqwest::Client;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::Instrument;
use url::Url;

use super::{http_client, metadata};
use crate::secure_url::Http;
use crate::telemetry::{Chain, LogLimiter, OneLine, Verdict};
use crate::{Clock, DiscoveryError, SetupError, Unavailable};

/// Where tokens are introspected.
pub(super) enum EndpointSource {
    Configured(Endpoint),
    Discovered(Box<Discovery>),
}

/// An endpoint with the HTTP client for its host.
pub(super) struct Endpoint {
    pub(super) client: Client,
    pub(super) url: Url,
}

/// The endpoint of an issuer, which its metadata names.
///
/// A request that needs it begins an attempt, in a task that goes on when the caller has gone: else
/// somebody who breaks off each of their requests could end every attempt. Requests that come
/// meanwhile wait for the same attempt. After one that failed no other begins before a delay has
/// passed, which grows; until then requests fail at once. The task ends with the attempt, or with this.
pub(super) struct Discovery {
    inner: Arc<Inner>,
    task: std::sync::Mutex<Option<AbortHandle>>,
}

struct Inner {
    issuer: String,
    issuer_url: Url,
    settings: Settings,
    found: OnceLock<Endpoint>,
    /// How many requests may wait for an attempt.
    waiting: Semaphore,
    /// Held by the attempt in flight.
    attempts: Arc<Mutex<Attempts>>,
    log_limiter: LogLimiter,
}

pub(super) struct Settings {
    pub(super) http: Http,
    pub(super) connect_timeout: Duration,
    /// That of an exchange; an attempt takes less, so that the request that begins it sees its end.
    pub(super) request_timeout: Duration,
    pub(super) max_in_flight: usize,
    pub(super) clock: Arc<dyn Clock>,
}

struct Attempts {
    delays: ExponentialBackoff,
    next: Option<Instant>,
    failure: Option<Arc<SetupError>>,
}

const NOT_DISCOVERED: &str = "the introspection endpoint is not discovered yet";

/// When to come back after a refusal because too many requests wait: the attempt ends within moments.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The delay after the first failure. Jitter adds up to as much again.
const MIN_DELAY: Duration = Duration::from_millis(250);

/// Before jitter, which makes it 8 s at the most.
const MAX_DELAY: Duration = Duration::from_secs(4);

impl Endpoint {
    pub(super) fn new(url: Url, http: Http, connect_timeout: Duration) -> Result<Self, SetupError> {
        let client = http_client::client(&url, http, connect_timeout)?;
        Ok(Self { client, url })
    }
}

impl EndpointSource {
    /// The endpoint, if nothing has to be discovered any more.
    pub(super) fn get(&self) -> Result<&Endpoint, Unavailable> {
        match self {
            Self::Configured(target) => Ok(target),
            Self::Discovered(discovery) => {
                discovery.inner.found.get().ok_or_else(|| Unavailable::new(NOT_DISCOVERED))
            }
        }
    }

    /// Discovers the endpoint, where an attempt is due.
    pub(super) async fn discover(&self) -> Result<(), Unavailable> {
        match self {
            Self::Configured(_) => Ok(()),
            Self::Discovered(discovery) => discovery.discover().await,
        }
    }

    /// Fails only where no repetition can help.
    pub(super) async fn discover_at_start(&self) -> Result<(), SetupError> {
        match self {
            Self::Configured(_) => Ok(()),
            Self::Discovered(discovery) => discovery.discover_at_start().await,
        }
    }
}

impl Discovery {
    pub(super) fn new(issuer: String, issuer_url: Url, settings: Settings) -> Self {
        let attempts = Attempts { delays: delays(), next: None, failure: None };
        let inner = Arc::new(Inner {
            issuer,
            issuer_url,
            found: OnceLock::new(),
            waiting: Semaphore::new(settings.max_in_flight),
            attempts: Arc::new(Mutex::new(attempts)),
            settings,
            log_limiter: LogLimiter::new(),
        });
        Self { inner, task: std::sync::Mutex::new(None) }
    }

    async fn discover(&self) -> Result<(), Unavailable> {
        let inner = &self.inner;
        let _permit = inner.waiting.try_acquire().map_err(|_| {
            Unavailable::new(
                "too many requests wait for the discovery of the introspection endpoint",
            )
            .with_retry_after(RETRY_AFTER)
        })?;
        let mut attempts = Arc::clone(&inner.attempts).lock_owned().await;
        if inner.found.get().is_some() {
            return Ok(());
        }
        let rest = attempts.rest(inner.settings.clock.instant());
        if rest > Duration::ZERO {
            return Err(attempts.unavailable(rest));
        }
        let inner = Arc::clone(inner);
        let attempt = async move {
            inner.attempt(&mut attempts).await.map_err(|failure| inner.keep(failure, &mut attempts))
        };
        let attempt = tokio::spawn(attempt.in_current_span());
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(attempt.abort_handle());
        attempt.await.unwrap_or_else(|_| Err(Unavailable::new(NOT_DISCOVERED)))
    }

    async fn discover_at_start(&self) -> Result<(), SetupError> {
        let inner = &self.inner;
        let mut attempts = inner.attempts.lock().await;
        if inner.found.get().is_some() {
            return Ok(());
        }
        match inner.attempt(&mut attempts).await {
            Err(failure) if is_definitive(&failure) => Err(failure),
            Err(failure) => {
                inner.keep(failure, &mut attempts);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task.take() {
            task.abort();
        }
    }
}

impl Inner {
    async fn attempt(&self, attempts: &mut Attempts) -> Result<(), SetupError> {
        let clock = &self.settings.clock;
        let delay = attempts.delays.next().unwrap_or(MAX_DELAY);
        // Now, since at start this may be cancelled; and again when it has failed.
        attempts.next = clock.instant().checked_add(delay);
        let found = self.find().await.inspect_err(|_| {
            attempts.next = clock.instant().checked_add(delay);
        })?;
        if attempts.failure.take().is_some() {
            let issuer = &*self.issuer;
            tracing::info!(target: "requires_auth", issuer, "introspection endpoint discovered");
        }
        // Only whoever holds the lock sets it.
        self.found.get_or_init(|| found);
        Ok(())
    }

    /// Logs a failure, and keeps it for the requests that come before the next attempt.
    fn keep(&self, failure: SetupError, attempts: &mut Attempts) -> Unavailable {
        let rest = attempts.rest(self.settings.clock.instant());
        self.log(&failure, rest);
        attempts.failure = Some(Arc::new(failure));
        attempts.unavailable(rest)
    }

    async fn find(&self) -> Result<Endpoint, SetupError> {
        let Settings { http, connect_timeout, request_timeout, .. } = self.settings;
        let client = http_client::client(&self.issuer_url, http, connect_timeout)?;
        let find = metadata::endpoint(&client, &self.issuer, &self.issuer_url, http);
        let endpoint = timeout(request_timeout / 5 * 4, find).await.unwrap_or_else(|_| {
            Err(DiscoveryError::TimedOut { document: metadata::first_place(&self.issuer_url) })
        })?;
        Endpoint::new(endpoint, http, connect_timeout)
    }

    fn log(&self, failure: &SetupError, delay: Duration) {
        let definitive = is_definitive(failure);
        let kind = if definitive { "discovery cannot succeed" } else { "discovery failed" };
        let verdict = self.log_limiter.verdict(kind, self.settings.clock.instant());
        let issuer = &*self.issuer;
        let cause = tracing::field::display(OneLine(Chain(failure)));
        let retry_after_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let limited = verdict.limited().map(tracing::field::display);
        match (verdict, definitive) {
            (Verdict::Suppress, _) => tracing::debug!(
                target: "requires_auth", issuer, cause, retry_after_ms, "discovery failed"
            ),
            (_, true) => tracing::error!(
                target: "requires_auth", issuer, cause, retry_after_ms, limited, "discovery failed"
            ),
            (_, false) => tracing::warn!(
                target: "requires_auth", issuer, cause, retry_after_ms, limited, "discovery failed"
            ),
        }
    }
}

impl Attempts {
    fn rest(&self, now: Instant) -> Duration {
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    fn unavailable(&self, rest: Duration) -> Unavailable {
        let unavailable = Unavailable::new(NOT_DISCOVERED).with_retry_after(rest);
        match &self.failure {
            Some(failure) => unavailable.with_source(Arc::clone(failure)),
            None => unavailable,
        }
    }
}

fn is_definitive(failure: &SetupError) -> bool {
    match failure {
        SetupError::Discovery(failure) => failure.is_definitive(),
        _ => true,
    }
}

fn delays() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(MIN_DELAY)
        .with_max_delay(MAX_DELAY)
        .without_max_times()
        .with_jitter()
        .build()
}

/// Part of the resolver's name. It is the same before and after the discovery, and on all instances
/// that are configured alike. The issuer is who vouches for the answers: the endpoint is accepted
/// only from a document of exactly this issuer.
impl fmt::Display for EndpointSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured(target) => write!(f, "{}", target.url),
            // No URL begins like this, so no issuer looks like an endpoint.
            Self::Discovered(discovery) => write!(f, "issuer {:?}", discovery.inner.issuer),
        }
    }
}
