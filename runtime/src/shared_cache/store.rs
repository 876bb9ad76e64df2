//! The second level, as the first one uses it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use ::redis::RedisResult;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::commands::{self, Found};
use super::connection::Address;
use super::encryption::Sealer;
use super::health::{Link, Live};
use super::invalidation_listener::follow;
use super::keys::Names;
use super::pending_invalidations::{Forgotten, Outbox, Stored};
use crate::claims::Record;
use crate::resolve::cache::Key;
use crate::telemetry::count;
use crate::{AccessToken, Claims};

/// What every instance has to do when something was forgotten by one of them.
pub(crate) trait Forget: Send + Sync {
    fn invalidate(&self, key: &Key);
    fn forget_everything(&self);
}

/// A store in use by one [`Cached`](crate::Cached).
pub(crate) struct Shared {
    pub(super) address: Address,
    pub(super) names: Names,
    pub(super) sealer: Sealer,
    deadline: Duration,
    pub(super) lifetime: Duration,
    pub(super) link: Link,
    pub(super) outbox: Outbox,
    follower: Mutex<Option<JoinHandle<()>>>,
}

/// Clocks of two machines differ by no more than this, or an entry seems to come from the future.
const CLOCKS_APART: Duration = Duration::from_secs(1);

/// No exchange takes longer.
const LONGEST_EXCHANGE: Duration = Duration::from_secs(60);

impl Shared {
    pub(super) fn new(
        address: Address,
        names: Names,
        sealer: Sealer,
        deadline: Duration,
        lifetime: Duration,
    ) -> Self {
        Self {
            address,
            names,
            sealer,
            deadline,
            lifetime,
            link: Link::new(),
            outbox: Outbox::new(),
            follower: Mutex::default(),
        }
    }

    /// Sees to it that the store is watched, wherever there is a runtime to do so.
    pub(crate) fn watch(self: &Arc<Self>, cache: Weak<dyn Forget>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have ended with the runtime that it was on.
        if follower.as_ref().is_none_or(JoinHandle::is_finished) {
            *follower = Some(runtime.spawn(follow(Arc::clone(self), cache)));
        }
    }

    /// Ends with the first attempt to reach the store, or with the deadline.
    pub(crate) async fn tried(&self) {
        let _ = timeout(self.deadline, self.link.tried()).await;
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
            self.strike("no answer in time");
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
        let (locator, seal) = self.sealer.of(token);
        let Some(Live { mut connection, generation }) = self.link.live() else {
            return ("unavailable", None);
        };
        if self.outbox.holds(&locator) {
            return ("miss", None);
        }
        let found = commands::look_up(&mut connection, &self.names, &locator, generation).await;
        let Some(found) = self.heard(found) else { return ("unavailable", None) };
        // Nobody waits for what is written, so that says nothing about it.
        self.link.answered();
        let entry = match found {
            Found::Nothing | Found::Forgotten => return ("miss", None),
            Found::Entry(entry) => entry,
        };
        let opened = seal
            .open(&self.names.claims(&locator, generation), &entry)
            .and_then(|text| Record::read(&text));
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
            self.strike("no answer in time");
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
        let Some(Live { mut connection, generation }) = self.link.live() else {
            return "skipped";
        };
        let (locator, seal) = self.sealer.of(token);
        let entry = Record::write(claims, asked_at)
            .and_then(|text| seal.seal(&self.names.claims(&locator, generation), &text))
            .filter(|entry| entry.len() <= commands::LONGEST_ENTRY);
        let Some(entry) = entry else { return "skipped" };
        let written = commands::remember(
            &mut connection,
            &self.names,
            &locator,
            generation,
            &entry,
            lifetime,
        );
        self.heard(written.await).map_or("failed", |()| "stored")
    }

    /// Has every instance invalidate a token.
    pub(crate) fn invalidate(&self, token: &AccessToken, key: Key) -> Stored {
        let (locator, _) = self.sealer.of(token);
        self.outbox.put(Forgotten { locator, key })
    }

    /// Has every instance invalidate everything.
    pub(crate) fn forget_everything(&self) -> Stored {
        self.outbox.put_everything()
    }

    /// How long the store's claims of a token that was forgotten are not believed: whoever had begun to
    /// ask about it before may have them written afterwards.
    pub(super) fn mourning(&self) -> Duration {
        self.lifetime.saturating_add(LONGEST_EXCHANGE)
    }

    /// What the store answered. A refusal (no memory left, read-only, no permission) is an answer, too,
    /// but not one to wait for again.
    fn heard<T>(&self, answer: RedisResult<T>) -> Option<T> {
        answer.inspect_err(|error| self.strike(error.category())).ok()
    }

    fn strike(&self, cause: &str) {
        if self.link.strike() {
            lost(cause);
        }
    }
}

/// The store cannot be used from now on.
pub(super) fn lost(cause: &str) {
    tracing::warn!(target: "requires_auth", cause, "shared cache lost");
}

/// How old claims are; `None` if they come from the future.
fn age(asked_at: SystemTime, now: SystemTime) -> Option<Duration> {
    match now.duration_since(asked_at) {
        Ok(age) => Some(age),
        Err(ahead) => (ahead.duration() <= CLOCKS_APART).then_some(Duration::ZERO),
    }
}
