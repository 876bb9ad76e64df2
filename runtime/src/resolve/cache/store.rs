//! The entries in this process, and when they expire.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, UnitWeighter};

use super::entry::ActiveEntry;
use super::entry_versions::EntryVersions;
use super::local_key::LocalKey;
use super::thread_entries::ThreadEntries;
use super::weight::{Capacity, CapacityShare, Evictions};
use crate::clock::COARSENESS;
use crate::telemetry::{count, gauge};
use crate::{Claims, Clock, ResolveError, ScopeSet, TokenError};

/// Holds active and inactive tokens in separate tables, so that made-up tokens cannot evict the entries of
/// real ones.
pub(super) struct Store {
    active: Cache<LocalKey, ActiveEntry, CapacityShare, DefaultHashBuilder, Evictions>,
    /// In front of `active`. Each change of it advances the version of the entry.
    of_threads: ThreadEntries,
    versions: Arc<EntryVersions>,
    /// Until when a token is considered inactive, on the monotonic clock.
    inactive: Cache<LocalKey, Instant, UnitWeighter, DefaultHashBuilder, Evictions>,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
}

/// The settings of [`CachedBuilder`](super::CachedBuilder) with the same names.
pub(super) struct Lifetimes {
    pub(super) ttl: Duration,
    pub(super) inactive_ttl: Duration,
    pub(super) stale_if_error: Duration,
    /// `None` for all scopes.
    pub(super) stale_scopes: Option<ScopeSet>,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(60),
            inactive_ttl: Duration::from_secs(5),
            stale_if_error: Duration::ZERO,
            stale_scopes: None,
        }
    }
}

impl Store {
    pub(super) fn new(capacity: &Capacity, lifetimes: Lifetimes, clock: Arc<dyn Clock>) -> Self {
        let inactive = capacity.inactive_entries;
        let versions = Arc::new(EntryVersions::new());
        Self {
            active: Cache::with(
                CapacityShare::INITIAL_ENTRIES,
                CapacityShare::TOTAL,
                CapacityShare::new(capacity),
                DefaultHashBuilder::default(),
                Evictions::of_active(Arc::clone(&versions)),
            ),
            of_threads: ThreadEntries::new(Arc::clone(&versions)),
            versions,
            inactive: Cache::with(
                inactive,
                inactive as u64,
                UnitWeighter,
                DefaultHashBuilder::default(),
                Evictions::of_inactive(),
            ),
            lifetimes,
            clock,
        }
    }

    /// The outcome of the last resolution, unless its entry has expired.
    pub(super) fn look_up(&self, key: &LocalKey) -> Option<Result<Claims, ResolveError>> {
        if let Some(claims) = self.of_threads.get(key, |until| self.has_passed(until)) {
            return Some(Ok(claims));
        }
        let version = self.versions.current(key);
        if let Some(entry) = self.active.get(key) {
            if !self.has_passed(entry.fresh_until) {
                self.of_threads.offer(key, version, &entry);
                return Some(Ok(entry.claims));
            }
            if self.has_passed(entry.stale_until) {
                self.remove(key);
            }
        }
        if let Some(until) = self.inactive.get(key) {
            if !self.has_passed(until) {
                return Some(Err(ResolveError::InvalidToken(TokenError::Inactive)));
            }
            self.inactive.remove(key);
        }
        None
    }

    /// Reads the precise clock only if the coarse one is too close to decide.
    fn has_passed(&self, time: Instant) -> bool {
        let left = time.saturating_duration_since(self.clock.coarse_instant());
        left <= COARSENESS && time <= self.clock.instant()
    }

    /// Updates the entry of a token after a resolution, and returns the outcome, or stale claims in place
    /// of a failure that allows them. `age` is the time since the claims were resolved.
    pub(super) fn apply(
        &self,
        key: LocalKey,
        outcome: Result<Claims, ResolveError>,
        age: Duration,
    ) -> Result<Claims, ResolveError> {
        match &outcome {
            Ok(claims) => self.insert(key, claims, age),
            Err(ResolveError::InvalidToken(TokenError::Inactive)) => {
                self.remove(&key);
                if let Some(until) = self.deadline(self.lifetimes.inactive_ttl) {
                    self.inactive.insert(key, until);
                }
            }
            // The failure says nothing about the token, so its entry stays.
            Err(error) if error.allows_stale_claims() => {
                if let Some(claims) = self.stale_claims(&key, error) {
                    count!(STALE_CLAIMS);
                    return Ok(claims);
                }
            }
            // The claims no longer hold. The token is not cached as inactive: the error may come from the
            // configuration of the server, and go away with it.
            Err(ResolveError::InvalidToken(_)) => self.remove(&key),
            Err(_) => {}
        }
        self.report_sizes();
        outcome
    }

    fn insert(&self, key: LocalKey, claims: &Claims, age: Duration) {
        // Of a cache that is wrapped: they would become fresh claims here, which may be used for all scopes.
        if claims.is_stale() {
            return;
        }
        // No entry outlives its token.
        let left = claims
            .expires_at()
            .map(|expires| expires.duration_since(self.clock.now()).unwrap_or_default());
        let deadline = |lifetime: Duration| {
            let lifetime = lifetime.saturating_sub(age);
            self.deadline(left.map_or(lifetime, |left| left.min(lifetime)))
        };
        let Lifetimes { ttl, stale_if_error, .. } = self.lifetimes;
        let Some(stale_until) = deadline(ttl.saturating_add(stale_if_error)) else {
            return self.remove(&key);
        };
        let fresh_until = deadline(ttl).unwrap_or_else(|| self.clock.instant());
        let claims = claims.clone();
        self.active.insert(key, ActiveEntry { claims, fresh_until, stale_until });
        self.versions.advance(&key);
    }

    /// Removes the entry of an active token.
    fn remove(&self, key: &LocalKey) {
        self.active.remove(key);
        self.versions.advance(key);
    }

    /// When a lifetime that begins now ends; `None` for a lifetime of zero.
    fn deadline(&self, lifetime: Duration) -> Option<Instant> {
        let lifetime = (!lifetime.is_zero()).then_some(lifetime)?;
        self.clock.instant().checked_add(lifetime)
    }

    fn stale_claims(&self, key: &LocalKey, cause: &ResolveError) -> Option<Claims> {
        let entry = self.active.get(key)?;
        let usable = self.clock.instant() < entry.stale_until;
        let stale_scopes = self.lifetimes.stale_scopes.as_ref();
        usable.then(|| entry.claims.stale(stale_scopes, cause.clone()))
    }

    pub(super) fn invalidate(&self, key: &LocalKey) {
        self.remove(key);
        self.inactive.remove(key);
        self.report_sizes();
    }

    pub(super) fn invalidate_all(&self) {
        self.active.clear();
        self.versions.advance_all();
        self.inactive.clear();
        self.report_sizes();
    }

    fn report_sizes(&self) {
        gauge!(CACHE_ENTRIES, "kind" => "active"; set gauge_value(self.active.len()));
        gauge!(CACHE_ENTRIES, "kind" => "inactive"; set gauge_value(self.inactive.len()));
    }

    /// The numbers of active and of inactive entries.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.active.len(), self.inactive.len())
    }
}

/// A number of a type that converts into `f64`.
fn gauge_value(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}
