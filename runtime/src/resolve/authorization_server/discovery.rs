//! Discovery of an endpoint when it is first needed, and again in the background.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::Url;

use super::background_task::BackgroundTask;
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::metadata;
use super::metadata_member::MetadataMember;
use crate::telemetry::{Chain, LogLimiter, OneLine, Verdict};
use crate::{DiscoveryError, SetupError, UnavailableError};

/// Discovers the endpoint from the metadata of an issuer.
///
/// A request that needs the endpoint starts an attempt. The attempt runs in a task, which continues when the
/// caller disconnects: else a caller who cancels each of their requests could prevent the discovery.
/// Concurrent requests wait for the same attempt. After a failed attempt, the next one starts after a delay
/// that grows, and until then requests fail at once. Dropping this ends the task.
///
/// A request that needs the endpoint after the [`REFRESH_INTERVAL`] reads the metadata again in the background, so
/// that an endpoint that moves is followed. If that fails, or the metadata is that of another issuer, the last
/// endpoint stays in use.
pub(crate) struct Discovery {
    inner: Arc<Inner>,
    task: BackgroundTask,
}

struct Inner {
    issuer: String,
    issuer_url: Url,
    member: MetadataMember,
    settings: Settings,
    discovered: RwLock<Option<Discovered>>,
    /// A permit for each request that may wait for an attempt.
    waiting: Semaphore,
    /// Locked during an attempt.
    attempts: Arc<Mutex<Attempts>>,
    log_limiter: LogLimiter,
}

#[derive(Clone)]
struct Discovered {
    endpoint: Arc<Endpoint>,
    at: Instant,
}

#[derive(Clone)]
pub(crate) struct Settings {
    /// Its timeout is that of a request that needs the endpoint. An attempt takes at most four fifths of it, so
    /// that the request that starts the attempt gets its outcome.
    pub(crate) connection: Connection,
    pub(crate) max_in_flight: usize,
}

struct Attempts {
    delays: ExponentialBackoff,
    next: Option<Instant>,
    last_failure: Option<Arc<SetupError>>,
    member: MetadataMember,
}

/// The age from which the metadata is read again.
const REFRESH_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// The `Retry-After` of a request that cannot wait for an attempt, which ends soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The delay after the first failure. Jitter adds up to as much again.
const MIN_DELAY: Duration = Duration::from_millis(250);

/// Without jitter, which makes it 8 s at most.
const MAX_DELAY: Duration = Duration::from_secs(4);

impl Discovery {
    pub(crate) fn new(
        issuer: String,
        issuer_url: Url,
        member: MetadataMember,
        settings: Settings,
    ) -> Self {
        let inner = Arc::new(Inner {
            issuer,
            issuer_url,
            member,
            discovered: RwLock::new(None),
            waiting: Semaphore::new(settings.max_in_flight),
            attempts: Arc::new(Mutex::new(Attempts::new(member))),
            settings,
            log_limiter: LogLimiter::new(),
        });
        Self { inner, task: BackgroundTask::default() }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    pub(crate) fn endpoint(&self) -> Result<Arc<Endpoint>, UnavailableError> {
        let not_discovered = || UnavailableError::new(self.inner.member.not_discovered());
        let Discovered { endpoint, at } = self.inner.discovered().ok_or_else(not_discovered)?;
        let now = self.inner.settings.connection.clock.instant();
        if now.saturating_duration_since(at) >= REFRESH_INTERVAL {
            self.refresh_in_background(now);
        }
        Ok(endpoint)
    }

    pub(crate) async fn discover(&self) -> Result<(), UnavailableError> {
        let inner = &self.inner;
        let _permit = inner.waiting.try_acquire().map_err(|_| {
            UnavailableError::new(inner.member.too_many_waiting()).with_retry_after(RETRY_AFTER)
        })?;
        let attempts = Arc::clone(&inner.attempts).lock_owned().await;
        if inner.discovered().is_some() {
            return Ok(());
        }
        let rest = attempts.rest(inner.settings.connection.clock.instant());
        if rest > Duration::ZERO {
            return Err(attempts.unavailable(rest));
        }
        let outcome = self.spawn(attempts).await;
        outcome.unwrap_or_else(|_| Err(UnavailableError::new(inner.member.not_discovered())))
    }

    fn refresh_in_background(&self, now: Instant) {
        // An attempt that runs already is enough.
        let Ok(attempts) = Arc::clone(&self.inner.attempts).try_lock_owned() else { return };
        if attempts.rest(now).is_zero() {
            drop(self.spawn(attempts));
        }
    }

    fn spawn(
        &self,
        mut attempts: OwnedMutexGuard<Attempts>,
    ) -> JoinHandle<Result<(), UnavailableError>> {
        let inner = Arc::clone(&self.inner);
        self.task.spawn(async move {
            let outcome = inner.attempt(&mut attempts).await;
            outcome.map_err(|failure| inner.record_failure(failure, &mut attempts))
        })
    }

    pub(crate) async fn discover_at_start(&self) -> Result<(), SetupError> {
        let inner = &self.inner;
        let mut attempts = inner.attempts.lock().await;
        if inner.discovered().is_some() {
            return Ok(());
        }
        match inner.attempt(&mut attempts).await {
            Err(failure) if is_definitive(&failure) => Err(failure),
            Err(failure) => {
                inner.record_failure(failure, &mut attempts);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Inner {
    async fn attempt(&self, attempts: &mut Attempts) -> Result<(), SetupError> {
        let clock = &self.settings.connection.clock;
        let delay = attempts.delays.next().unwrap_or(MAX_DELAY);
        // Set before the attempt, which may be cancelled at start, and again after a failure.
        attempts.next = clock.instant().checked_add(delay);
        let outcome = self.read_metadata().await.and_then(|url| self.replace(url));
        outcome.inspect_err(|_| attempts.next = clock.instant().checked_add(delay))?;
        if attempts.last_failure.take().is_some() {
            let issuer = &*self.issuer;
            match self.member {
                MetadataMember::IntrospectionEndpoint => tracing::info!(
                    target: "requires_auth", issuer, "introspection endpoint discovered"
                ),
                MetadataMember::TokenEndpoint => {
                    tracing::info!(target: "requires_auth", issuer, "token endpoint discovered");
                }
                MetadataMember::JwksUri => {
                    tracing::info!(target: "requires_auth", issuer, "key set discovered");
                }
            }
        }
        *attempts = Attempts::new(self.member);
        Ok(())
    }

    fn discovered(&self) -> Option<Discovered> {
        self.discovered.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts an endpoint in place of the current one, which keeps its HTTP client if it is the same. The lock on the
    /// attempts makes this the only writer.
    fn replace(&self, url: Url) -> Result<(), SetupError> {
        let connection = &self.settings.connection;
        let current = self.discovered().map(|discovered| discovered.endpoint);
        let endpoint = match &current {
            Some(endpoint) if endpoint.url == url => Arc::clone(endpoint),
            _ => Arc::new(Endpoint::new(url, connection)?),
        };
        if current.is_some_and(|current| current.url != endpoint.url) {
            let (issuer, member) = (&*self.issuer, self.member.name());
            tracing::info!(target: "requires_auth", issuer, member, "the endpoint has moved");
        }
        let discovered = Discovered { endpoint, at: connection.clock.instant() };
        *self.discovered.write().unwrap_or_else(PoisonError::into_inner) = Some(discovered);
        Ok(())
    }

    async fn read_metadata(&self) -> Result<Url, SetupError> {
        let connection = &self.settings.connection;
        let (issuer, url) = (&self.issuer, &self.issuer_url);
        let read = metadata::endpoint(connection, issuer, url, self.member);
        timeout(connection.request_timeout / 5 * 4, read).await.unwrap_or_else(|_| {
            Err(DiscoveryError::TimedOut { document: metadata::first_location(&self.issuer_url) }
                .into())
        })
    }

    /// Logs a failure, and stores it for the requests before the next attempt.
    fn record_failure(&self, failure: SetupError, attempts: &mut Attempts) -> UnavailableError {
        let rest = attempts.rest(self.settings.connection.clock.instant());
        self.log(&failure, rest);
        attempts.last_failure = Some(Arc::new(failure));
        attempts.unavailable(rest)
    }

    fn log(&self, failure: &SetupError, delay: Duration) {
        let definitive = is_definitive(failure);
        let kind = if definitive { "discovery cannot succeed" } else { "discovery failed" };
        let verdict = self.log_limiter.verdict(kind, self.settings.connection.clock.instant());
        let issuer = &*self.issuer;
        let cause = tracing::field::display(OneLine(Chain(failure)));
        let retry_after_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let endpoint = self.discovered().map(|_| "the last one stays in use");
        let limited = verdict.limited().map(tracing::field::display);
        match (verdict, definitive) {
            (Verdict::Suppress, _) => tracing::debug!(
                target: "requires_auth", issuer, cause, endpoint, retry_after_ms, "discovery failed"
            ),
            (_, true) => tracing::error!(
                target: "requires_auth", issuer, cause, endpoint, retry_after_ms, limited,
                "discovery failed"
            ),
            (_, false) => tracing::warn!(
                target: "requires_auth", issuer, cause, endpoint, retry_after_ms, limited,
                "discovery failed"
            ),
        }
    }
}

impl Attempts {
    fn new(member: MetadataMember) -> Self {
        let delays = ExponentialBuilder::default()
            .with_min_delay(MIN_DELAY)
            .with_max_delay(MAX_DELAY)
            .without_max_times()
            .with_jitter()
            .build();
        Self { delays, next: None, last_failure: None, member }
    }

    /// The time until the next attempt is due.
    fn rest(&self, now: Instant) -> Duration {
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    fn unavailable(&self, rest: Duration) -> UnavailableError {
        let unavailable =
            UnavailableError::new(self.member.not_discovered()).with_retry_after(rest);
        match &self.last_failure {
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
