//! The second level, as the first one uses it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use ::redis::RedisResult;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::commands::{self, Found};
use super::connection::Address;
use super::encryption::TokenEncryption;
use super::health::{Health, Live};
use super::invalidation_listener::listen;
use super::keys::Keys;
use super::pending_invalidations::{Acknowledgement, PendingInvalidations, TokenInvalidation};
use crate::claims::SerializedClaims;
use crate::resolve::cache::CacheKey;
use crate::telemetry::count;
use crate::{AccessToken, Claims};

/// What every instance has to do when something was forgotten by one of them.
pub(crate) trait Forget: Send + Sync {
    fn invalidate(&self, key: &CacheKey);
    fn invalidate_all(&self);
}

/// A store in use by one [`Cached`](crate::Cached).
pub(crate) struct Shared {
    pub(super) address: Address,
    pub(super) keys: Keys,
    pub(super) encryption: TokenEncryption,
    deadline: Duration,
    pub(super) lifetime: Duration,
    pub(super) health: Health,
    pub(super) pending: PendingInvalidations,
    listener: Mutex<Option<JoinHandle<()>>>,
}

/// Clocks of two machines differ by no more than this, or an entry seems to come from the future.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(1);

/// No exchange takes longer.
const MAX_RESOLUTION_TIME: Duration = Duration::from_secs(60);

impl Shared {
    pub(super) fn new(
        address: Address,
        keys: Keys,
        encryption: TokenEncryption,
        deadline: Duration,
        lifetime: Duration,
    ) -> Self {
        Self {
            address,
            keys,
            encryption,
            deadline,
            lifetime,
            health: Health::new(),
            pending: PendingInvalidations::new(),
            listener: Mutex::default(),
        }
    }

    /// Sees to it that the store is watched, wherever there is a runtime to do so.
    pub(crate) fn watch(self: &Arc<Self>, cache: Weak<dyn Forget>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have ended with the runtime that it was on.
        if listener.as_ref().is_none_or(JoinHandle::is_finished) {
            *listener = Some(runtime.spawn(listen(Arc::clone(self), cache)));
        }
    }

    /// Ends with the first attempt to reach the store, or with the deadline.
    pub(crate) async fn attempted(&self) {
        let _ = timeout(self.deadline, self.health.attempted()).await;
    }

    /// The claims of a token, and how old they are by the clock; `None` within the deadline, whatever the
    /// store does or says.
    pub(crate) async fn look_up(
        &self,
        token: &AccessToken,
        clock: impl Fn() -> SystemTime,
    ) -> Option<(Claims, Duration)> {
        let found = timeout(self.deadline, self.find(token, clock)).await;
        let (result, claims) = found.unwrap_or_else(|_| {
            self.record_failure("no answer in time");
            ("unavailable", None)
        });
        count!(SHARED_CACHE_LOOKUPS, "result" => result);
        claims
    }

    async fn find(
        &self,
        token: &AccessToken,
        clock: impl Fn() -> SystemTime,
    ) -> (&'static str, Option<(Claims, Duration)>) {
        let (locator, cipher) = self.encryption.of(token);
        let Some(Live { mut connection, generation }) = self.health.live() else {
            return ("unavailable", None);
        };
        if self.pending.holds(&locator) {
            return ("miss", None);
        }
        let found = commands::look_up(&mut connection, &self.keys, &locator, generation).await;
        let Some(found) = self.checked(found) else { return ("unavailable", None) };
        // Nobody waits for what is written, so that says nothing about it.
        self.health.record_success();
        let entry = match found {
            Found::Nothing | Found::Forgotten => return ("miss", None),
            Found::Entry(entry) => entry,
        };
        let opened = cipher
            .open(&self.keys.claims(&locator, generation), &entry)
            .and_then(|text| SerializedClaims::read(&text));
        let Some(record) = opened else { return ("unreadable", None) };
        match age(record.asked_at, clock()).filter(|age| *age < self.lifetime) {
            Some(age) => ("hit", Some((record.into_claims(), age))),
            None => ("miss", None),
        }
    }

    /// Lets the other instances know the claims of a token, for as long as this one would.
    pub(crate) async fn remember(
        &self,
        token: &AccessToken,
        claims: &Claims,
        asked_at: SystemTime,
    ) {
        let lifetime = self.lifetime;
        let expires_in = |at: SystemTime| at.duration_since(asked_at).unwrap_or_default();
        let lifetime = claims.expires_at().map_or(lifetime, |at| expires_in(at).min(lifetime));
        if lifetime.is_zero() {
            return;
        }
        let remembered = timeout(self.deadline, self.write(token, claims, asked_at, lifetime));
        let result = remembered.await.unwrap_or_else(|_| {
            self.record_failure("no answer in time");
            "failed"
        });
        count!(SHARED_CACHE_WRITES, "result" => result);
    }

    async fn write(
        &self,
        token: &AccessToken,
        claims: &Claims,
        asked_at: SystemTime,
        lifetime: Duration,
    ) -> &'static str {
        let Some(Live { mut connection, generation }) = self.health.live() else {
            return "skipped";
        };
        let (locator, cipher) = self.encryption.of(token);
        let entry = SerializedClaims::write(claims, asked_at)
            .and_then(|text| cipher.encrypt(&self.keys.claims(&locator, generation), &text))
            .filter(|entry| entry.len() <= commands::MAX_ENTRY_LENGTH);
        let Some(entry) = entry else { return "skipped" };
        let written =
            commands::remember(&mut connection, &self.keys, &locator, generation, &entry, lifetime);
        self.checked(written.await).map_or("failed", |()| "stored")
    }

    /// Has every instance invalidate a token.
    pub(crate) fn invalidate(&self, token: &AccessToken, key: CacheKey) -> Acknowledgement {
        let (locator, _) = self.encryption.of(token);
        self.pending.add(TokenInvalidation { locator, key })
    }

    /// Has every instance invalidate everything.
    pub(crate) fn invalidate_all(&self) -> Acknowledgement {
        self.pending.add_all()
    }

    /// How long the store's claims of a token that was forgotten are not believed: whoever had begun to
    /// ask about it before may have them written afterwards.
    pub(super) fn tombstone_ttl(&self) -> Duration {
        self.lifetime.saturating_add(MAX_RESOLUTION_TIME)
    }

    /// What the store answered. A refusal (no memory left, read-only, no permission) is an answer, too,
    /// but not one to wait for again.
    fn checked<T>(&self, answer: RedisResult<T>) -> Option<T> {
        answer.inspect_err(|error| self.record_failure(error.category())).ok()
    }

    fn record_failure(&self, cause: &str) {
        if self.health.record_failure() {
            log_lost(cause);
        }
    }
}

/// The store cannot be used from now on.
pub(super) fn log_lost(cause: &str) {
    tracing::warn!(target: "requires_auth", cause, "shared cache lost");
}

/// How old claims are; `None` if they come from the future.
fn age(asked_at: SystemTime, now: SystemTime) -> Option<Duration> {
    match now.duration_since(asked_at) {
        Ok(age) => Some(age),
        Err(ahead) => (ahead.duration() <= MAX_CLOCK_SKEW).then_some(Duration::ZERO),
    }
}
