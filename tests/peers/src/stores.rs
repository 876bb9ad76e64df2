//! The caches that could be the store: looking claims up by the hash of a token, alone and from two
//! threads, under the cache's own bounds: 100,000 entries, two moments beside the claims.

use std::hash::RandomState;
use std::hint::black_box;
use std::time::Instant;

use requires_auth::Claims;
use sha2::{Digest, Sha256};

use crate::contest::{Contender, compare};

type Key = [u8; 32];
type Entry = (Claims, Instant, Instant);

const ENTRIES: usize = 10_000;
const CAPACITY: usize = 100_000;

trait Store: Sync {
    fn look_up(&self, key: &Key) -> Option<Entry>;
    fn remember(&self, key: Key, entry: Entry);
}

impl Store for quick_cache::sync::Cache<Key, Entry> {
    fn look_up(&self, key: &Key) -> Option<Entry> {
        self.get(key)
    }
    fn remember(&self, key: Key, entry: Entry) {
        self.insert(key, entry);
    }
}

impl Store for moka::sync::Cache<Key, Entry> {
    fn look_up(&self, key: &Key) -> Option<Entry> {
        self.get(key)
    }
    fn remember(&self, key: Key, entry: Entry) {
        self.insert(key, entry);
    }
}

/// A map without bounds: what a bound and an order of eviction cost is the difference.
impl Store for papaya::HashMap<Key, Entry, RandomState> {
    fn look_up(&self, key: &Key) -> Option<Entry> {
        self.pin().get(key).cloned()
    }
    fn remember(&self, key: Key, entry: Entry) {
        self.pin().insert(key, entry);
    }
}

pub fn run() {
    let claims = Claims::from_introspection(br#"{"active":true,"scope":"entries:read"}"#);
    let entry = (claims.expect("claims"), Instant::now(), Instant::now());
    let keys: Vec<Key> = (0..ENTRIES).map(|n| Sha256::digest(n.to_be_bytes()).into()).collect();
    let quick = quick_cache::sync::Cache::new(CAPACITY);
    let moka = moka::sync::Cache::new(CAPACITY as u64);
    let papaya = papaya::HashMap::new();
    let stores: [(&str, &dyn Store); 3] = [
        ("quick_cache 0.7.0", &quick),
        ("moka 0.12.16", &moka),
        ("papaya 0.2.5 (no bounds)", &papaya),
    ];
    for &(_, store) in &stores {
        for key in &keys {
            store.remember(*key, entry.clone());
        }
    }
    println!("\nThe store, {ENTRIES} entries: per operation and thread");
    println!("  {:<28} {:>12} {:>14} {:>12}", "", "lookup", "from 2 threads", "insertion");
    let keys = &keys;
    let look_up = &move |store: &dyn Store, calls: u32, step: usize| {
        for number in 0..calls as usize {
            black_box(store.look_up(&keys[number * step % ENTRIES]));
        }
    };
    let mut alone: Vec<_> = stores
        .iter()
        .map(|&(name, store)| Contender::new(name, move |calls| look_up(store, calls, 7)))
        .collect();
    let alone = compare(&mut alone, 100, 10_000);
    let mut together: Vec<_> = stores
        .iter()
        .map(|&(name, store)| {
            Contender::new(name, move |calls| {
                std::thread::scope(|scope| {
                    for step in [7, 11] {
                        scope.spawn(move || look_up(store, calls, step));
                    }
                });
            })
        })
        .collect();
    let together = compare(&mut together, 60, 100_000);
    let entry = &entry;
    let mut insertions: Vec<_> = stores
        .iter()
        .map(|&(name, store)| {
            Contender::new(name, move |calls| {
                for number in 0..calls as usize {
                    store.remember(keys[number % ENTRIES], entry.clone());
                }
            })
        })
        .collect();
    let insertions = compare(&mut insertions, 40, 10_000);
    for (place, (name, _)) in stores.iter().enumerate() {
        println!(
            "  {name:<28} {:>9.0} ns {:>11.0} ns {:>9.0} ns",
            alone.median(place),
            together.median(place),
            insertions.median(place)
        );
    }
}
