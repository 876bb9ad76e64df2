//! What is remembered, for how long, and how much of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::key::Key;
use crate::{Claims, Clock, ResolveError};

/// Two caches, so that tokens that nobody issued cannot push out those of users.
pub(super) struct Store {
    active: Cache<Key, Remembered, ByShare>,
    inactive: Cache<Key, Instant>,
    lifetime: Duration,
    inactive_lifetime: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Remembered {
    claims: Claims,
    /// On the monotonic clock: no jump of the wall clock makes it later.
    until: Instant,
}

/// How much a [`Store`] may hold.
pub(super) struct Bounds {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) inactive_entries: usize,
}

impl Store {
    pub(super) fn new(
        bounds: &Bounds,
        lifetime: Duration,
        inactive_lifetime: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let share = ByShare::new(bounds);
        Self {
            active: Cache::with_weighter(ESTIMATE, WHOLE, share),
            inactive: Cache::new(bounds.inactive_entries),
            lifetime,
            inactive_lifetime,
            clock,
        }
    }

    /// What is known of a token, if anything still is.
    pub(super) fn look_up(&self, key: &Key) -> Option<Result<Claims, ResolveError>> {
        if let Some(remembered) = self.active.get(key) {
            if self.clock.instant() < remembered.until {
                return Some(Ok(remembered.claims));
            }
            self.active.remove(key);
        }
        if let Some(until) = self.inactive.get(key) {
            if self.clock.instant() < until {
                return Some(Err(ResolveError::Inactive));
            }
            self.inactive.remove(key);
        }
        None
    }

    /// Remembers an outcome that is a fact.
    pub(super) fn remember(&self, key: Key, outcome: &Result<Claims, ResolveError>) {
        let until = |lifetime: Duration| {
            let lifetime = (!lifetime.is_zero()).then_some(lifetime)?;
            self.clock.instant().checked_add(lifetime)
        };
        match outcome {
            Ok(claims) => {
                if let Some(until) = until(self.lifetime_of(claims)) {
                    self.active.insert(key, Remembered { claims: claims.clone(), until });
                }
            }
            Err(ResolveError::Inactive) => {
                if let Some(until) = until(self.inactive_lifetime) {
                    self.inactive.insert(key, until);
                }
            }
            // An outage says nothing about the token.
            Err(_) => {}
        }
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

    /// No longer than the token itself lives.
    fn lifetime_of(&self, claims: &Claims) -> Duration {
        let left = claims
            .expires_at()
            .map(|expires| expires.duration_since(self.clock.now()).unwrap_or_default());
        left.map_or(self.lifetime, |left| left.min(self.lifetime))
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
