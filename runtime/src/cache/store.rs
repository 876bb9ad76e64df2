//! What is remembered, for how long, and how much of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Outcome;
use super::key::Key;
use crate::{Claims, Clock, ResolveError, ScopeSet};

/// Two caches, so that tokens that nobody issued cannot push out those of users.
pub(super) struct Store {
    active: Cache<Key, Remembered, ByShare>,
    inactive: Cache<Key, Instant>,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Remembered {
    claims: Claims,
    /// On the monotonic clock: no jump of the wall clock makes it later.
    until: Instant,
    /// Until when the claims may be used if they cannot be confirmed; `until` at the earliest.
    stale_until: Instant,
}

/// How long a [`Store`] remembers what.
pub(super) struct Lifetimes {
    pub(super) active: Duration,
    pub(super) inactive: Duration,
    /// How much longer claims may be used in an outage.
    pub(super) stale: Duration,
    /// What for; `None` for everything.
    pub(super) spared: Option<ScopeSet>,
}

/// How much a [`Store`] may hold.
pub(super) struct Bounds {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) inactive_entries: usize,
}

impl Store {
    pub(super) fn new(bounds: &Bounds, lifetimes: Lifetimes, clock: Arc<dyn Clock>) -> Self {
        let share = ByShare::new(bounds);
        Self {
            active: Cache::with_weighter(ESTIMATE, WHOLE, share),
            inactive: Cache::new(bounds.inactive_entries),
            lifetimes,
            clock,
        }
    }

    /// What is known of a token, if anything still is.
    pub(super) fn look_up(&self, key: &Key) -> Option<Outcome> {
        if let Some(remembered) = self.active.get(key) {
            let now = self.clock.instant();
            if now < remembered.until {
                return Some(Ok(remembered.claims));
            }
            if now >= remembered.stale_until {
                self.active.remove(key);
            }
        }
        if let Some(until) = self.inactive.get(key) {
            if self.clock.instant() < until {
                return Some(Err(ResolveError::Inactive));
            }
            self.inactive.remove(key);
        }
        None
    }

    /// Remembers an outcome that is a fact, and in an outage falls back on what is remembered.
    pub(super) fn settle(&self, key: Key, outcome: Outcome) -> Outcome {
        match &outcome {
            Ok(claims) => self.remember(key, claims),
            Err(ResolveError::Inactive) => {
                self.active.remove(&key);
                if let Some(until) = self.after(self.lifetimes.inactive) {
                    self.inactive.insert(key, until);
                }
            }
            // An outage says nothing about the token.
            Err(error) if error.is_outage() => {
                if let Some(claims) = self.stale(&key, error) {
                    return Ok(claims);
                }
            }
            Err(_) => {}
        }
        outcome
    }

    fn remember(&self, key: Key, claims: &Claims) {
        // No longer than the token itself lives.
        let left = claims
            .expires_at()
            .map(|expires| expires.duration_since(self.clock.now()).unwrap_or_default());
        let after = |lifetime| self.after(left.map_or(lifetime, |left| left.min(lifetime)));
        let Lifetimes { active, stale, .. } = self.lifetimes;
        let Some(stale_until) = after(active.saturating_add(stale)) else { return };
        let until = after(active).unwrap_or_else(|| self.clock.instant());
        self.active.insert(key, Remembered { claims: claims.clone(), until, stale_until });
    }

    /// When a lifetime that begins now ends; `None` if it has no length.
    fn after(&self, lifetime: Duration) -> Option<Instant> {
        let lifetime = (!lifetime.is_zero()).then_some(lifetime)?;
        self.clock.instant().checked_add(lifetime)
    }

    /// Claims that cannot be confirmed now, and may be used all the same.
    fn stale(&self, key: &Key, cause: &ResolveError) -> Option<Claims> {
        let remembered = self.active.get(key)?;
        let usable = self.clock.instant() < remembered.stale_until;
        let spared = self.lifetimes.spared.as_ref();
        usable.then(|| remembered.claims.stale(spared, cause.clone()))
    }

    pub(super) fn forget(&self, key: &Key) {
        self.active.remove(key);
        self.inactive.remove(key);
    }

    pub(super) fn forget_all(&self) {
        self.active.clear();
        self.inactive.clear();
    }

    /// How many active and inactive tokens are remembered.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.active.len(), self.inactive.len())
    }
}

/// The whole that entries have shares of.
const WHOLE: u64 = 1 << 40;

/// How many entries to make room for at first.
const ESTIMATE: usize = 1024;

/// Weighs an entry by its share of the bytes, or of the number of entries where that is more: so
/// one weight bounds both.
#[derive(Debug, Clone)]
struct ByShare {
    entry: u64,
    byte: u64,
}

impl ByShare {
    fn new(bounds: &Bounds) -> Self {
        Self { entry: WHOLE / bounds.entries.max(1), byte: WHOLE / bounds.bytes.max(1) }
    }
}

impl Weighter<Key, Remembered> for ByShare {
    fn weight(&self, key: &Key, remembered: &Remembered) -> u64 {
        let bytes = size_of_val(key) + size_of_val(remembered) + remembered.claims.size();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.byte.saturating_mul(bytes).max(self.entry).clamp(1, WHOLE)
    }
}
