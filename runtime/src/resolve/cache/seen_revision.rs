//! The revision of the resolver that the entries of the cache were resolved with.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::resolve::Revision;

/// The revision of the resolver, and the one at the last lookup.
pub(super) struct SeenRevision {
    revision: Revision,
    seen: AtomicU64,
}

impl SeenRevision {
    pub(super) fn new(revision: Revision) -> Self {
        let seen = AtomicU64::new(revision.get());
        Self { revision, seen }
    }

    /// Drops the entries if the revision has increased since the last call. Concurrent callers may drop them
    /// several times: no caller continues before they are dropped.
    pub(super) fn update(&self, invalidate_all: impl FnOnce()) {
        let current = self.revision.get();
        if self.seen.load(Ordering::Acquire) != current {
            invalidate_all();
            self.seen.fetch_max(current, Ordering::AcqRel);
        }
    }
}
