//! The versions of the entries: whether an entry that a thread keeps for itself is still the one of the store.

use super::local_key::LocalKey;
use super::sync::{AtomicU64, Ordering};

/// A number for each group of keys, which increases when the store changes or removes an entry of the group.
///
/// A reader takes the version of a key *before* it looks the key up in the store. Whoever changes an entry advances the
/// version *after* the change and before it returns. So a reader that has seen the new version finds the change, and what a
/// reader has found before the change has an old version: it is not used by any request that begins after the change.
pub(super) struct EntryVersions(Box<[AtomicU64]>);

/// The version of an entry when it was looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryVersion(u64);

impl EntryVersions {
    /// The number of groups: how many entries a change affects that are not its own. Each of them is looked up again, once
    /// for each thread.
    const GROUPS: usize = 256;

    pub(super) fn new() -> Self {
        Self((0..Self::GROUPS).map(|_| AtomicU64::new(0)).collect())
    }

    #[inline]
    pub(super) fn current(&self, key: &LocalKey) -> EntryVersion {
        // `Acquire`: who sees a version also sees the change that came before it.
        EntryVersion(self.of_group(key).map_or(0, |version| version.load(Ordering::Acquire)))
    }

    /// To be called after an entry was changed.
    pub(super) fn advance(&self, key: &LocalKey) {
        if let Some(version) = self.of_group(key) {
            version.fetch_add(1, Ordering::Release);
        }
    }

    /// To be called after all entries were removed.
    pub(super) fn advance_all(&self) {
        for version in &self.0 {
            version.fetch_add(1, Ordering::Release);
        }
    }

    #[inline]
    fn of_group(&self, key: &LocalKey) -> Option<&AtomicU64> {
        self.0.get(key.number() % Self::GROUPS)
    }
}
