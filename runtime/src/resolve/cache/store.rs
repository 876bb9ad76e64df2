//! What is remembered, for how long, and how much of it.

use std::sync::Arc;
#[cfg(feature = "redis")]
use std::time::SystemTime;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, UnitWeighter};

use super::Outcome;
use super::key::Key;
use super::weight::{Bounds, ByShare, Evictions};
use crate::clock::COARSENESS;
use crate::telemetry::{count, gauge};
use crate::{Claims, Clock, ResolveError, ScopeSet};

/// Two caches, so that tokens that nobody issued cannot push out those of users.
pub(super) struct Store {
    active: Cache<Key, Remembered, ByShare, DefaultHashBuilder, Evictions>,
    inactive: Cache<Key, Instant, UnitWeighter, DefaultHashBuilder, Evictions>,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
pub(super) struct Remembered {
    pub(super) claims: Claims,
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

impl Store {
    pub(super) fn new(bounds: &Bounds, lifetimes: Lifetimes, clock: Arc<dyn Clock>) -> Self {
        let hashing = DefaultHashBuilder::default;
        let inactive = bounds.inactive_entries;
        Self {
            active: Cache::with(
                ByShare::ESTIMATE,
                ByShare::WHOLE,
                ByShare::new(bounds),
                hashing(),
                Evictions::ACTIVE,
            ),
            inactive: Cache::with(
                inactive,
                inactive as u64,
                UnitWeighter,
                hashing(),
                Evictions::INACTIVE,
            ),
            lifetimes,
            clock,
        }
    }

    /// What is known of a token, if anything still is.
    pub(super) fn look_up(&self, key: &Key) -> Option<Outcome> {
        if let Some(remembered) = self.active.get(key) {
            if !self.has_come(remembered.until) {
                return Some(Ok(remembered.claims));
            }
            if self.has_come(remembered.stale_until) {
                self.active.remove(key);
            }
        }
        if let Some(until) = self.inactive.get(key) {
            if !self.has_come(until) {
                return Some(Err(ResolveError::Inactive));
            }
            self.inactive.remove(key);
        }
        None
    }

    /// Whether it is this time, or later. Nearly always the coarse clock tells that it is not.
    fn has_come(&self, time: Instant) -> bool {
        let left = time.saturating_duration_since(self.clock.coarse_instant());
        left <= COARSENESS && time <= self.clock.instant()
    }

    /// Remembers an outcome that is a fact, of this age, and in an outage falls back on what is
    /// remembered.
    pub(super) fn settle(&self, key: Key, outcome: Outcome, age: Duration) -> Outcome {
        match &outcome {
            Ok(claims) => self.remember(key, claims, age),
            Err(ResolveError::Inactive) => {
                self.active.remove(&key);
                if let Some(until) = self.after(self.lifetimes.inactive) {
                    self.inactive.insert(key, until);
                }
            }
            // An outage says nothing about the token.
            Err(error) if error.allows_stale_claims() => {
                if let Some(claims) = self.stale(&key, error) {
                    count!(STALE_CLAIMS);
                    return Ok(claims);
                }
            }
            // What was remembered no longer holds. Not an inactive token either: the answer may be due to
            // how the server is set up, and then it changes.
            Err(ResolveError::TokenRefused(_)) => {
                self.active.remove(&key);
            }
            Err(_) => {}
        }
        self.tell_sizes();
        outcome
    }

    fn remember(&self, key: Key, claims: &Claims, age: Duration) {
        // No longer than the token itself lives.
        let left = claims
            .expires_at()
            .map(|expires| expires.duration_since(self.clock.now()).unwrap_or_default());
        let after = |lifetime: Duration| {
            let lifetime = lifetime.saturating_sub(age);
            self.after(left.map_or(lifetime, |left| left.min(lifetime)))
        };
        let Lifetimes { active, stale, .. } = self.lifetimes;
        let Some(stale_until) = after(active.saturating_add(stale)) else { return };
        let until = after(active).unwrap_or_else(|| self.clock.instant());
        self.active.insert(key, Remembered { claims: claims.clone(), until, stale_until });
    }

    /// The time that other processes know as well.
    #[cfg(feature = "redis")]
    pub(super) fn wall_clock(&self) -> SystemTime {
        self.clock.now()
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

    pub(super) fn invalidate(&self, key: &Key) {
        self.active.remove(key);
        self.inactive.remove(key);
        self.tell_sizes();
    }

    pub(super) fn invalidate_all(&self) {
        self.active.clear();
        self.inactive.clear();
        self.tell_sizes();
    }

    fn tell_sizes(&self) {
        gauge!(CACHE_ENTRIES, "kind" => "active"; set size(self.active.len()));
        gauge!(CACHE_ENTRIES, "kind" => "inactive"; set size(self.inactive.len()));
    }

    /// How many active and inactive tokens are remembered.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.active.len(), self.inactive.len())
    }
}

/// A number that metrics take.
fn size(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}
