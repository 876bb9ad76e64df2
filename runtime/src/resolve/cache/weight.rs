//! How much is remembered, what counts how much of it, and what has to go.

use quick_cache::{Lifecycle, Weighter};

use super::key::Key;
use super::store::Remembered;
use crate::telemetry::count;

/// How much a [`Store`](super::store::Store) may hold.
pub(super) struct Bounds {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) inactive_entries: usize,
}

/// Weighs an entry by its share of the bytes, or of the number of entries where that is more: so
/// one weight bounds both.
#[derive(Debug, Clone)]
pub(super) struct ByShare {
    entry: u64,
    byte: u64,
}

impl ByShare {
    /// The whole that entries have shares of.
    pub(super) const WHOLE: u64 = 1 << 40;

    /// How many entries to make room for at first.
    pub(super) const ESTIMATE: usize = 1024;

    pub(super) fn new(bounds: &Bounds) -> Self {
        let share = |of: u64| Self::WHOLE / of.max(1);
        Self { entry: share(bounds.entries), byte: share(bounds.bytes) }
    }
}

impl Weighter<Key, Remembered> for ByShare {
    fn weight(&self, key: &Key, remembered: &Remembered) -> u64 {
        let bytes = size_of_val(key) + size_of_val(remembered) + remembered.claims.size();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.byte.saturating_mul(bytes).max(self.entry).clamp(1, Self::WHOLE)
    }
}

/// Counts what has to go for lack of room.
#[derive(Debug, Clone)]
pub(super) struct Evictions {
    kind: &'static str,
}

impl Evictions {
    pub(super) const ACTIVE: Self = Self { kind: "active" };
    pub(super) const INACTIVE: Self = Self { kind: "inactive" };
}

impl<T> Lifecycle<Key, T> for Evictions {
    /// What was evicted: it is dropped when the cache's lock is free again.
    type RequestState = Vec<T>;

    fn on_evict(&self, evicted: &mut Vec<T>, _: Key, value: T) {
        evicted.push(value);
        count!(CACHE_EVICTIONS, "kind" => self.kind);
    }
}
