//! The key set of an issuer: fetched when it is first needed, refreshed, and bounded.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http::header::ACCEPT;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::key_set_settings::Settings;
use crate::jose::{JwkSet, SigningAlgorithm};
use crate::resolve::Revision;
use crate::resolve::authorization_server::background_task::BackgroundTask;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::http_client;
use crate::resolve::authorization_server::retry_delay::RetryDelay;
use crate::telemetry::{Chain, LogLimiter, OneLine, Verdict};
use crate::{ResolveError, ResponseError, SetupError, UnavailableError};

/// Fetches the key set of an issuer.
///
/// A fetch runs in a task, which continues when its caller disconnects, and concurrent callers wait for the same
/// one. While there is a key set, only a token with an unknown key waits for a fetch. Dropping this ends the task.
pub(in crate::resolve) struct KeySetSource {
    inner: Arc<Inner>,
    task: BackgroundTask,
}

struct Inner {
    endpoint: EndpointSource,
    settings: Settings,
    current: RwLock<Option<FetchedKeySet>>,
    /// A permit for each request that may wait for a fetch.
    waiting: Semaphore,
    /// Locked during a fetch.
    fetches: Arc<Mutex<Fetches>>,
    revision: Revision,
    log_limiter: LogLimiter,
}

#[derive(Clone)]
struct FetchedKeySet {
    key_set: Arc<JwkSet>,
    at: Instant,
    /// Whether the last fetch since then failed.
    refresh_failed: bool,
}

struct Fetches {
    delay: RetryDelay,
    /// When the last fetch started that an unknown key caused; `None` after a failure.
    for_unknown_key: Option<Instant>,
}

/// Why a key set is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// There is none, or it is too old.
    Absent,
    /// It has not the key of a token. Limited by the cooldown, since anybody can make up a key id.
    UnknownKey,
}

const MAX_WAITING: usize = 1024;
const UNAVAILABLE: &str = "the key set of the issuer cannot be fetched";

/// The `Retry-After` of a request that cannot wait for a fetch, which ends soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl KeySetSource {
    pub(in crate::resolve) fn new(endpoint: EndpointSource, settings: Settings) -> Self {
        let inner = Arc::new(Inner {
            endpoint,
            settings,
            current: RwLock::new(None),
            waiting: Semaphore::new(MAX_WAITING),
            fetches: Arc::new(Mutex::new(Fetches::new())),
            revision: Revision::default(),
            log_limiter: LogLimiter::new(),
        });
        Self { inner, task: BackgroundTask::default() }
    }

    pub(in crate::resolve) fn source(&self) -> &EndpointSource {
        &self.inner.endpoint
    }

    /// Increases when a key is removed from the key set.
    pub(in crate::resolve) fn revision(&self) -> Revision {
        self.inner.revision.clone()
    }

    /// Fetches the key set. Fails only if no later attempt can succeed.
    pub(in crate::resolve) async fn fetch_at_start(&self) -> Result<(), SetupError> {
        self.inner.endpoint.discover_at_start().await?;
        // A failure is logged, and the first token leads to the next attempt.
        let _ = self.fetch(Cause::Absent).await;
        Ok(())
    }

    /// The key set, fetched again if it has not exactly this key and may have it by now.
    ///
    /// The caller selects the key, and rejects the token if there is none.
    pub(in crate::resolve) async fn with_key(
        &self,
        id: Option<&str>,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<JwkSet>, ResolveError> {
        let Settings { refresh_interval, max_age, .. } = self.inner.settings;
        let now = self.inner.settings.clock.instant();
        let Some(current) = self.inner.current() else { return self.fetch(Cause::Absent).await };
        let age = now.saturating_duration_since(current.at);
        if age >= max_age {
            return self.fetch(Cause::Absent).await;
        }
        // No token has led to a fetch for long, and a key may have been removed since then.
        if age >= refresh_interval.saturating_mul(2) && !current.refresh_failed {
            return self.refresh().await;
        }
        if age >= refresh_interval {
            self.refresh_in_background(now);
        }
        match current.key_set.select(id, algorithm) {
            Err(crate::JwtError::UnknownKey) => self.fetch(Cause::UnknownKey).await,
            _ => Ok(current.key_set),
        }
    }

    /// The key set, fetched again unless another unknown key has done so within the cooldown.
    pub(in crate::resolve) async fn newer(&self) -> Result<Arc<JwkSet>, ResolveError> {
        self.fetch(Cause::UnknownKey).await
    }

    async fn fetch(&self, cause: Cause) -> Result<Arc<JwkSet>, ResolveError> {
        let inner = &self.inner;
        let before = inner.current().map(|current| current.at);
        let too_many = || {
            UnavailableError::new("too many requests wait for the key set of the issuer")
                .with_retry_after(RETRY_AFTER)
        };
        let _permit = inner.waiting.try_acquire().map_err(|_| too_many())?;
        let mut fetches = Arc::clone(&inner.fetches).lock_owned().await;
        // Another request may have fetched it meanwhile.
        if let Some(current) = inner.current().filter(|current| Some(current.at) != before) {
            return Ok(current.key_set);
        }
        let now = inner.settings.clock.instant();
        fetches.delay.check(now)?;
        if cause == Cause::UnknownKey {
            let cooldown = inner.settings.unknown_key_cooldown;
            if fetches.is_cooling_down(now, cooldown) {
                return inner.key_set();
            }
            fetches.for_unknown_key = Some(now);
        }
        self.spawn(fetches).await.unwrap_or_else(|_| Err(UnavailableError::new(UNAVAILABLE)))?;
        inner.key_set()
    }

    /// The key set, fetched again. If that fails, it is used as it is.
    async fn refresh(&self) -> Result<Arc<JwkSet>, ResolveError> {
        let outcome = self.fetch(Cause::Absent).await;
        match self.inner.current() {
            Some(current) if outcome.is_err() && current.refresh_failed => Ok(current.key_set),
            _ => outcome,
        }
    }

    fn refresh_in_background(&self, now: Instant) {
        // A fetch that runs already is enough.
        let Ok(fetches) = Arc::clone(&self.inner.fetches).try_lock_owned() else { return };
        if fetches.delay.check(now).is_ok() {
            drop(self.spawn(fetches));
        }
    }

    fn spawn(
        &self,
        mut fetches: OwnedMutexGuard<Fetches>,
    ) -> JoinHandle<Result<(), UnavailableError>> {
        let inner = Arc::clone(&self.inner);
        let fetch = async move {
            let outcome = inner.fetch().await;
            inner.record(outcome, &mut fetches)
        };
        self.task.spawn(fetch)
    }
}

impl Inner {
    fn current(&self) -> Option<FetchedKeySet> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn key_set(&self) -> Result<Arc<JwkSet>, ResolveError> {
        let current = self.current().ok_or_else(|| UnavailableError::new(UNAVAILABLE))?;
        Ok(current.key_set)
    }

    async fn fetch(&self) -> Result<JwkSet, ResolveError> {
        let fetch = async {
            self.endpoint.discover().await?;
            let endpoint = self.endpoint.get()?;
            let request = endpoint.get().await;
            let request = request.header(ACCEPT, "application/jwk-set+json, application/json");
            let response = request.send().await.map_err(http_client::connection_error)?;
            let status = response.status().as_u16();
            if status != 200 {
                return Err(ResponseError::Status(status).into());
            }
            let max_length = self.settings.max_response_length;
            let body = http_client::bounded_body(response, max_length).await?;
            let key_set = JwkSet::read(&body, &self.settings.algorithms);
            key_set.map_err(|_| ResolveError::from(ResponseError::NotAKeySet))
        };
        let timed_out =
            || UnavailableError::new("the key set of the issuer did not arrive in time");
        let outcome = timeout(self.settings.request_timeout, fetch).await;
        let key_set = outcome.unwrap_or_else(|_| Err(timed_out().into()))?;
        if key_set.is_empty() {
            return Err(ResponseError::NoUsableKey.into());
        }
        Ok(key_set)
    }

    /// Puts a key set in place of the current one. A failure leaves the current one as it is.
    fn record(
        &self,
        outcome: Result<JwkSet, ResolveError>,
        fetches: &mut Fetches,
    ) -> Result<(), UnavailableError> {
        let now = self.settings.clock.instant();
        let issuer = &*self.settings.issuer;
        match outcome {
            Ok(key_set) => {
                let (keys, skipped) = (key_set.len(), key_set.skipped());
                tracing::debug!(target: "requires_auth", issuer, keys, skipped, "key set fetched");
                fetches.delay = RetryDelay::new();
                self.replace(key_set, now);
                Ok(())
            }
            Err(failure) => {
                // The delay limits the fetches instead. The key of a valid token may be unknown until one succeeds.
                fetches.for_unknown_key = None;
                let unavailable = fetches.delay.start(now, |delay| {
                    self.log(&failure, delay);
                    UnavailableError::new(UNAVAILABLE).with_source(failure)
                });
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if let Some(current) = current.as_mut() {
                    current.refresh_failed = true;
                }
                Err(unavailable)
            }
        }
    }

    fn replace(&self, key_set: JwkSet, at: Instant) {
        let fetched = FetchedKeySet { key_set: Arc::new(key_set), at, refresh_failed: false };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let previous = current.replace(fetched.clone());
        drop(current);
        if previous.is_some_and(|previous| !previous.key_set.is_subset(&fetched.key_set)) {
            // After the key set was replaced: what is verified from now on is verified with the new one.
            self.revision.increase();
        }
    }

    fn log(&self, failure: &ResolveError, delay: Duration) {
        let issuer = &*self.settings.issuer;
        let verdict = self.log_limiter.verdict("key set", self.settings.clock.instant());
        let cause = tracing::field::display(OneLine(Chain(failure)));
        let retry_after_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let limited = verdict.limited().map(tracing::field::display);
        match verdict {
            Verdict::Suppress => tracing::debug!(
                target: "requires_auth", issuer, cause, retry_after_ms, "fetching the key set failed"
            ),
            _ => tracing::warn!(
                target: "requires_auth", issuer, cause, retry_after_ms, limited,
                "fetching the key set failed"
            ),
        }
    }
}

impl Fetches {
    fn new() -> Self {
        Self { delay: RetryDelay::new(), for_unknown_key: None }
    }

    fn is_cooling_down(&self, now: Instant, cooldown: Duration) -> bool {
        let since = self.for_unknown_key.map(|at| now.saturating_duration_since(at));
        since.is_some_and(|since| since < cooldown)
    }
}
