//! The entries of the tokens that a thread sees again and again, in a table of its own.
//!
//! A lookup in the store takes a lock and increments a reference count, which all threads write to: with one token for all
//! requests, as between two services, each thread would wait for the others. A lookup here writes to memory of its thread
//! only. Whether an entry still holds is decided for each request: its [version](EntryVersions) must be the current one,
//! which all threads read and only a change of the entry writes, and its time must not have passed.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use thread_local::ThreadLocal;

use super::entry::ActiveEntry;
use super::entry_versions::{EntryVersion, EntryVersions};
use super::local_key::LocalKey;
use crate::Claims;

/// How many entries a thread keeps.
const ENTRIES: usize = 64;

/// How many threads keep entries. Further ones use the store alone.
const MAX_THREADS: usize = 256;

/// The largest claims that a thread keeps, in bytes: when the store removes an entry, threads that are idle still hold it.
const MAX_CLAIMS_SIZE: usize = 4096;

/// How often an entry is used before it is looked up in the store again, so that the store does not take a token for unused
/// and evict it.
const USES: u8 = 64;

/// The tables of all threads of one cache.
pub(super) struct ThreadEntries {
    tables: ThreadLocal<RefCell<Table>>,
    threads: AtomicUsize,
    versions: Arc<EntryVersions>,
}

impl ThreadEntries {
    pub(super) fn new(versions: Arc<EntryVersions>) -> Self {
        Self { tables: ThreadLocal::new(), threads: AtomicUsize::new(0), versions }
    }

    /// The claims that this thread keeps for a key, unless they have changed in the store or have expired.
    #[inline]
    pub(super) fn get(
        &self,
        key: &LocalKey,
        has_passed: impl FnOnce(Instant) -> bool,
    ) -> Option<Claims> {
        let mut table = self.tables.get()?.try_borrow_mut().ok()?;
        let slot = table.slot(key)?;
        let kept = slot.kept.as_mut().filter(|kept| kept.key == *key)?;
        if kept.version != self.versions.current(key) || has_passed(kept.fresh_until) {
            slot.kept = None;
            return None;
        }
        kept.uses = kept.uses.checked_sub(1)?;
        slot.candidate = None;
        Some(kept.claims.clone())
    }

    /// Offers an entry that was found in the store. The thread keeps it if the last entry that it was offered in this
    /// place was the same. `version` is the one from before the entry was looked up.
    pub(super) fn offer(&self, key: &LocalKey, version: EntryVersion, entry: &ActiveEntry) {
        let Some(table) = self.table() else { return };
        let Ok(mut table) = table.try_borrow_mut() else { return };
        let Some(slot) = table.slot(key) else { return };
        if let Some(kept) = slot.kept.as_mut().filter(|kept| kept.key == *key) {
            if kept.version == version {
                kept.uses = USES;
                return;
            }
        } else if slot.candidate != Some(*key) {
            slot.candidate = Some(*key);
            return;
        }
        if entry.claims.size() > MAX_CLAIMS_SIZE {
            return;
        }
        slot.candidate = None;
        slot.kept = Some(Kept {
            key: *key,
            version,
            uses: USES,
            fresh_until: entry.fresh_until,
            claims: entry.claims.with_own_pointer(),
        });
    }

    fn table(&self) -> Option<&RefCell<Table>> {
        let table = self.tables.get();
        table.or_else(|| {
            let first = self.threads.fetch_add(1, Ordering::Relaxed) < MAX_THREADS;
            if !first {
                self.threads.fetch_sub(1, Ordering::Relaxed);
            }
            first.then(|| self.tables.get_or_default())
        })
    }
}

/// The entries of one thread. A key has one place.
struct Table(Box<[Slot]>);

impl Default for Table {
    fn default() -> Self {
        Self((0..ENTRIES).map(|_| Slot::default()).collect())
    }
}

impl Table {
    #[inline]
    fn slot(&mut self, key: &LocalKey) -> Option<&mut Slot> {
        self.0.get_mut(key.number() % ENTRIES)
    }
}

#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
    /// The key of an entry that was used once. A second use in a row makes it the one that is kept: tokens that are seen
    /// once are not copied, and do not displace one that is used often.
    candidate: Option<LocalKey>,
}

struct Kept {
    key: LocalKey,
    version: EntryVersion,
    uses: u8,
    fresh_until: Instant,
    /// With a pointer of this thread.
    claims: Claims,
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::resolve::cache::local_key::LocalKeyHasher;

    fn key(text: &str) -> LocalKey {
        LocalKeyHasher::new("name", false).key(&text.parse().unwrap())
    }

    fn entry(size: usize) -> ActiveEntry {
        let json = format!(r#"{{"active":true,"x":"{}"}}"#, "x".repeat(size));
        let claims = Claims::from_introspection(json.as_bytes()).unwrap();
        let now = Instant::now();
        ActiveEntry { claims, fresh_until: now, stale_until: now }
    }

    /// Uses an entry three times, and returns whether the thread keeps it then.
    fn keeps(entries: &ThreadEntries, key: &LocalKey, entry: &ActiveEntry) -> bool {
        for _ in 0..3 {
            if entries.get(key, |_| false).is_none() {
                entries.offer(key, entries.versions.current(key), entry);
            }
        }
        entries.get(key, |_| false).is_some()
    }

    #[test]
    fn an_entry_is_kept_at_the_second_use_and_until_its_version_or_its_time_has_passed() {
        // R-E3, R-E7
        let versions = Arc::new(EntryVersions::new());
        let entries = ThreadEntries::new(Arc::clone(&versions));
        let (key, entry) = (key("a"), entry(1));
        let before = versions.current(&key);
        entries.offer(&key, before, &entry);
        assert!(entries.get(&key, |_| false).is_none(), "used once");
        entries.offer(&key, before, &entry);
        assert!(entries.get(&key, |_| false).is_some());
        versions.advance(&key);
        assert!(entries.get(&key, |_| false).is_none(), "changed");
        assert!(keeps(&entries, &key, &entry));
        versions.advance_all();
        assert!(entries.get(&key, |_| false).is_none(), "changed");
        entries.offer(&key, before, &entry);
        entries.offer(&key, before, &entry);
        assert!(entries.get(&key, |_| false).is_none(), "looked up before the change");
        assert!(keeps(&entries, &key, &entry));
        assert!(entries.get(&key, |until| until == entry.fresh_until).is_none(), "expired");
    }

    #[test]
    fn the_memory_of_the_threads_is_bounded() {
        // R-E5
        let entries = ThreadEntries::new(Arc::new(EntryVersions::new()));
        let claims = entry(MAX_CLAIMS_SIZE);
        assert!(claims.claims.size() > MAX_CLAIMS_SIZE);
        assert!(!keeps(&entries, &key("large"), &claims));
        let small = entry(1);
        let kept = (0..10 * ENTRIES)
            .filter(|number| keeps(&entries, &key(&format!("token{number}")), &small));
        assert_eq!(kept.count(), 10 * ENTRIES, "each one displaces another");
        let still = entries.tables.get().unwrap().borrow();
        assert!(still.0.iter().filter(|slot| slot.kept.is_some()).count() <= ENTRIES);
        drop(still);
        let (more, key) = (MAX_THREADS + 10, key("a"));
        // All threads are alive until the last one has ended: the table of a thread that has ended is used again.
        let barrier = std::sync::Barrier::new(more);
        let kept: Vec<bool> = thread::scope(|scope| {
            let threads: Vec<_> = (0..more)
                .map(|_| {
                    scope.spawn(|| {
                        let kept = keeps(&entries, &key, &small);
                        barrier.wait();
                        kept
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(kept.iter().filter(|kept| **kept).count(), MAX_THREADS - 1, "and this thread");
    }
}
