//! The capacity of the cache, the weight of an entry, and the count of evictions.

use std::sync::Arc;

use quick_cache::{Lifecycle, Weighter};

use super::entry::ActiveEntry;
use super::entry_versions::EntryVersions;
use super::local_key::LocalKey;
use crate::telemetry::count;

/// How much a store may hold.
pub(super) struct Capacity {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) inactive_entries: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 64 << 20, inactive_entries: 100_000 }
    }
}

/// Weighs an entry by its share of `max_bytes` or of `max_entries`, whichever is larger: one total
/// weight then enforces both limits.
#[derive(Debug, Clone)]
pub(super) struct CapacityShare {
    per_entry: u64,
    per_byte: u64,
}

impl CapacityShare {
    /// The sum of all shares.
    pub(super) const TOTAL: u64 = 1 << 40;

    /// The number of entries that the table has room for at first.
    pub(super) const INITIAL_ENTRIES: usize = 1024;

    pub(super) fn new(capacity: &Capacity) -> Self {
        let share = |of: u64| Self::TOTAL.checked_div(of).unwrap_or(Self::TOTAL);
        Self { per_entry: share(capacity.entries), per_byte: share(capacity.bytes) }
    }
}

impl Weighter<LocalKey, ActiveEntry> for CapacityShare {
    fn weight(&self, key: &LocalKey, entry: &ActiveEntry) -> u64 {
        let bytes = size_of_val(key) + size_of_val(entry) + entry.claims.size();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.per_byte.saturating_mul(bytes).max(self.per_entry).clamp(1, Self::TOTAL)
    }
}

/// Counts the entries that are evicted because the capacity is reached.
#[derive(Clone)]
pub(super) struct Evictions {
    kind: &'static str,
    /// Those of the entries that threads keep; `None` if they keep none of this kind.
    versions: Option<Arc<EntryVersions>>,
}

impl Evictions {
    pub(super) fn of_active(versions: Arc<EntryVersions>) -> Self {
        Self { kind: "active", versions: Some(versions) }
    }

    pub(super) const fn of_inactive() -> Self {
        Self { kind: "inactive", versions: None }
    }
}

impl<T> Lifecycle<LocalKey, T> for Evictions {
    /// Evicted values are dropped after the lock of the table is released.
    type RequestState = Vec<T>;

    /// Is called with the lock of the table: no other thread finds the entry before its version is advanced.
    fn on_evict(&self, evicted: &mut Vec<T>, key: LocalKey, value: T) {
        if let Some(versions) = &self.versions {
            versions.advance(&key);
        }
        evicted.push(value);
        count!(CACHE_EVICTIONS, "kind" => self.kind);
    }
}
