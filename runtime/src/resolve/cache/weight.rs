//! How much is entry, what counts how much of it, and what has to go.

use quick_cache::{Lifecycle, Weighter};

use super::key::CacheKey;
use super::store::ActiveEntry;
use crate::telemetry::count;

/// How much a [`Store`](super::store::Store) may hold.
pub(super) struct Capacity {
    pub(super) max_entries: u64,
    pub(super) max_bytes: u64,
    pub(super) max_inactive_entries: usize,
}

/// Weighs an entry by its share of the bytes, or of the number of entries where that is more: so
/// one weight capacity both.
#[derive(Debug, Clone)]
pub(super) struct CapacityShare {
    entry: u64,
    byte: u64,
}

impl CapacityShare {
    /// The whole that entries have shares of.
    pub(super) const TOTAL: u64 = 1 << 40;

    /// How many entries to make room for at first.
    pub(super) const INITIAL_ENTRIES: usize = 1024;

    pub(super) fn new(capacity: &Capacity) -> Self {
        let share = |of: u64| Self::TOTAL / of.max(1);
        Self { entry: share(capacity.max_entries), byte: share(capacity.max_bytes) }
    }
}

impl Weighter<CacheKey, ActiveEntry> for CapacityShare {
    fn weight(&self, key: &CacheKey, entry: &ActiveEntry) -> u64 {
        let bytes = size_of_val(key) + size_of_val(entry) + entry.claims.size();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.byte.saturating_mul(bytes).max(self.entry).clamp(1, Self::TOTAL)
    }
}

/// Counts what has to go for lack of room.
#[derive(Debug, Clone)]
pub(super) struct EvictionCounter {
    kind: &'static str,
}

impl EvictionCounter {
    pub(super) const ACTIVE: Self = Self { kind: "active" };
    pub(super) const INACTIVE: Self = Self { kind: "inactive" };
}

impl<T> Lifecycle<CacheKey, T> for EvictionCounter {
    /// What was evicted: it is dropped when the cache's lock is free again.
    type RequestState = Vec<T>;

    fn on_evict(&self, evicted: &mut Vec<T>, _: CacheKey, value: T) {
        evicted.push(value);
        count!(CACHE_EVICTIONS, "kind" => self.kind);
    }
}
