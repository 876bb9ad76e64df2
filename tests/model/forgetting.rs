//! One thread forgets an entry or replaces it, another one uses it.

use std::sync::Arc;
use std::time::Instant;

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use crate::Claims;
use crate::entry::ActiveEntry;
use crate::entry_versions::EntryVersions;
use crate::local_key::LocalKey;
use crate::thread_entries::ThreadEntries;

const KEY: LocalKey = LocalKey(1);

/// The store with one entry: `Store` with a hash table that loom knows.
struct Store {
    entry: Mutex<Option<ActiveEntry>>,
    versions: Arc<EntryVersions>,
    of_threads: ThreadEntries,
}

impl Store {
    fn new(claims: usize) -> Self {
        let versions = Arc::new(EntryVersions::new());
        let of_threads = ThreadEntries::new(Arc::clone(&versions));
        Self { entry: Mutex::new(Some(entry(claims))), versions, of_threads }
    }

    fn look_up(&self) -> Option<Claims> {
        if let Some(claims) = self.of_threads.get(&KEY, |_| false) {
            return Some(claims);
        }
        let version = self.versions.current(&KEY);
        let found = self.entry.lock().unwrap().clone();
        found.map(|entry| {
            self.of_threads.offer(&KEY, version, &entry);
            entry.claims
        })
    }

    fn change(&self, to: Option<ActiveEntry>) {
        *self.entry.lock().unwrap() = to;
        self.versions.advance(&KEY);
    }
}

fn entry(claims: usize) -> ActiveEntry {
    let now = Instant::now();
    ActiveEntry { claims: Claims(claims), fresh_until: now, stale_until: now }
}

/// A request that begins after the entry was changed finds the change. Returns how often a request found the earlier claims
/// in its thread, and how often one began after the change.
#[must_use]
pub fn check(to: Option<usize>) -> (usize, usize) {
    use std::sync::atomic::{AtomicUsize, Ordering as StdOrdering};

    let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let counted = Arc::clone(&counts);
    loom::model(move || {
        let store = Arc::new(Store::new(1));
        let changed = Arc::new(AtomicBool::new(false));
        let user = thread::spawn({
            let (store, changed, counts) =
                (Arc::clone(&store), Arc::clone(&changed), Arc::clone(&counts));
            move || {
                for _ in 0..4 {
                    let begins_after = changed.load(Ordering::Acquire);
                    let kept = store.of_threads.get(&KEY, |_| false).is_some();
                    let found = store.look_up();
                    if begins_after {
                        assert_eq!(found, to.map(Claims), "the request began after the change");
                        counts.1.fetch_add(1, StdOrdering::Relaxed);
                    } else if kept {
                        counts.0.fetch_add(1, StdOrdering::Relaxed);
                    }
                }
            }
        });
        store.change(to.map(entry));
        changed.store(true, Ordering::Release);
        user.join().unwrap();
        assert_eq!(store.look_up(), to.map(Claims));
    });
    (counted.0.load(StdOrdering::Relaxed), counted.1.load(StdOrdering::Relaxed))
}
