//! The revision of what a resolver resolves with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that increases when results of a resolver are no longer valid, such as after a key was removed
/// from a key set. A cache then drops all entries.
#[derive(Debug, Clone, Default)]
pub struct Revision(Arc<AtomicU64>);

impl Revision {
    #[cfg_attr(not(feature = "introspection"), expect(dead_code, reason = "only caches read it"))]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    #[cfg_attr(
        not(feature = "jwt"),
        allow(dead_code, reason = "without key sets, only some resolvers have revisions")
    )]
    pub(crate) fn increase(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}
