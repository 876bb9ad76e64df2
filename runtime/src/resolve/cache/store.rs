//! What is entry, for how long, and how much of it.

use std::sync::Arc;
#[cfg(feature = "redis")]
use std::time::SystemTime;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, UnitWeighter};

use super::Outcome;
use super::key::CacheKey;
use super::weight::{Capacity, CapacityShare, EvictionCounter};
use crate::clock::COARSENESS;
use crate::telemetry::{count, gauge};
use crate::{Claims, Clock, ResolveError, ScopeSet};

/// Two caches, so that tokens that nobody issued cannot push out those of users.
pub(super) struct Store {
    active: Cache<CacheKey, ActiveEntry, CapacityShare, DefaultHashBuilder, EvictionCounter>,
    inactive: Cache<CacheKey, Instant, UnitWeighter, DefaultHashBuilder, EvictionCounter>,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
pub(super) struct ActiveEntry {
    pub(super) claims: Claims,
    /// On the monotonic clock: no jump of the wall clock makes it later.
    until: Instant,
    /// Until when the claims may be used if they cannot be confirmed; `until` at the earliest.
    stale_until: Instant,
}

/// How long a [`Store`] remembers what.
pub(super) struct Lifetimes {
    pub(super) ttl: Duration,
    pub(super) inactive_ttl: Duration,
    /// How much longer claims may be used in an outage.
    pub(super) stale_if_error: Duration,
    /// What for; `None` for everything.
    pub(super) stale_scopes: Option<ScopeSet>,
}

impl Store {
    pub(super) fn new(capacity: &Capacity, lifetimes: Lifetimes, clock: Arc<dyn Clock>) -> Self {
        let hashing = DefaultHashBuilder::default;
        let inactive = capacity.max_inactive_entries;
        Self {
            active: Cache::with(
                CapacityShare::INITIAL_ENTRIES,
                CapacityShare::TOTAL,
                CapacityShare::new(capacity),
                hashing(),
                EvictionCounter::ACTIVE,
            ),
            inactive: Cache::with(
                inactive,
                inactive as u64,
                UnitWeighter,
                hashing(),
                EvictionCounter::INACTIVE,
            ),
            lifetimes,
            clock,
        }
    }

    /// What is known of a token, if anything still is.
    pub(super) fn look_up(&self, key: &CacheKey) -> Option<Outcome> {
        if let Some(entry) = self.active.get(key) {
            if !self.has_passed(entry.until) {
                return Some(Ok(entry.claims));
            }
            if self.has_passed(entry.stale_until) {
                self.active.remove(key);
            }
        }
        if let Some(until) = self.inactive.get(key) {
            if !self.has_passed(until) {
                return Some(Err(ResolveError::Inactive));
            }
            self.inactive.remove(key);
        }
        None
    }

    /// Whether it is this time, or later. Nearly always the coarse clock tells that it is not.
    fn has_passed(&self, time: Instant) -> bool {
        let left = time.saturating_duration_since(self.clock.coarse_instant());
        left <= COARSENESS && time <= self.clock.instant()
    }

    /// Remembers an outcome that is a fact, of this age, and in an outage falls back on what is
    /// entry.
    pub(super) fn apply(&self, key: CacheKey, outcome: Outcome, age: Duration) -> Outcome {
        match &outcome {
            Ok(claims) => self.insert(key, claims, age),
            Err(ResolveError::Inactive) => {
                self.active.remove(&key);
                if let Some(until) = self.deadline(self.lifetimes.inactive_ttl) {
                    self.inactive.insert(key, until);
                }
            }
            // An outage says nothing about the token.
            Err(error) if error.allows_stale_claims() => {
                if let Some(claims) = self.stale_claims(&key, error) {
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
        self.report_sizes();
        outcome
    }

    fn insert(&self, key: CacheKey, claims: &Claims, age: Duration) {
        // No longer than the token itself lives.
        let left = claims
            .expires_at()
            .map(|expires| expires.duration_since(self.clock.now()).unwrap_or_default());
        let after = |lifetime: Duration| {
            let lifetime = lifetime.saturating_sub(age);
            self.deadline(left.map_or(lifetime, |left| left.min(lifetime)))
        };
        let Lifetimes { ttl, stale_if_error, .. } = self.lifetimes;
        let Some(stale_until) = after(ttl.saturating_add(stale_if_error)) else { return };
        let until = after(ttl).unwrap_or_else(|| self.clock.instant());
        self.active.insert(key, ActiveEntry { claims: claims.clone(), until, stale_until });
    }

    /// The time that other processes know as well.
    #[cfg(feature = "redis")]
    pub(super) fn wall_clock(&self) -> SystemTime {
        self.clock.now()
    }

    /// When a lifetime that begins now ends; `None` if it has no length.
    fn deadline(&self, lifetime: Duration) -> Option<Instant> {
        let lifetime = (!lifetime.is_zero()).then_some(lifetime)?;
        self.clock.instant().checked_add(lifetime)
    }

    /// Claims that cannot be confirmed now, and may be used all the same.
    fn stale_claims(&self, key: &CacheKey, cause: &ResolveError) -> Option<Claims> {
        let entry = self.active.get(key)?;
        let usable = self.clock.instant() < entry.stale_until;
        let stale_scopes = self.lifetimes.stale_scopes.as_ref();
        usable.then(|| entry.claims.stale(stale_scopes, cause.clone()))
    }

    pub(super) fn invalidate(&self, key: &CacheKey) {
        self.active.remove(key);
        self.inactive.remove(key);
        self.report_sizes();
    }

    pub(super) fn invalidate_all(&self) {
        self.active.clear();
        self.inactive.clear();
        self.report_sizes();
    }

    fn report_sizes(&self) {
        gauge!(CACHE_ENTRIES, "kind" => "active"; set size(self.active.len()));
        gauge!(CACHE_ENTRIES, "kind" => "inactive"; set size(self.inactive.len()));
    }

    /// How many active and inactive tokens are entry.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.active.len(), self.inactive.len())
    }
}

/// A number that metrics take.
fn size(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}
