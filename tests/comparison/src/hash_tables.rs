//! The candidates for the hash table of the cache: lookups of claims by the hash of a token, from one thread
//! and from two. An entry is as in the cache, claims and two instants, and the bound is 100,000 entries.

use std::hash::RandomState;
use std::hint::black_box;
use std::time::Instant;

use bench_support::paired_runs::{Variant, compare};
use requires_auth::Claims;
use sha2::{Digest, Sha256};

type Key = [u8; 32];
type Entry = (Claims, Instant, Instant);

const ENTRIES: usize = 10_000;
const CAPACITY: usize = 100_000;

trait HashTable: Sync {
    fn look_up(&self, key: &Key) -> Option<Entry>;
    fn insert_entry(&self, key: Key, entry: Entry);
}

impl HashTable for quick_cache::sync::Cache<Key, Entry> {
    fn look_up(&self, key: &Key) -> Option<Entry> {
        self.get(key)
    }
    fn insert_entry(&self, key: Key, entry: Entry) {
        self.insert(key, entry);
    }
}

impl HashTable for moka::sync::Cache<Key, Entry> {
    fn look_up(&self, key: &Key) -> Option<Entry> {
        self.get(key)
    }
    fn insert_entry(&self, key: Key, entry: Entry) {
        self.insert(key, entry);
    }
}

/// A map without a bound. The difference to the others is the cost of a bound and of an eviction order.
impl HashTable for papaya::HashMap<Key, Entry, RandomState> {
    fn look_up(&self, key: &Key) -> Option<Entry> {
        self.pin().get(key).cloned()
    }
    fn insert_entry(&self, key: Key, entry: Entry) {
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
    let tables: [(&str, &dyn HashTable); 3] = [
        ("quick_cache 0.7.0", &quick),
        ("moka 0.12.16", &moka),
        ("papaya 0.2.5 (no bounds)", &papaya),
    ];
    for &(_, table) in &tables {
        for key in &keys {
            table.insert_entry(*key, entry.clone());
        }
    }
    println!("\nHash table with {ENTRIES} entries: time per operation and thread");
    println!("  {:<28} {:>12} {:>14} {:>12}", "", "lookup", "from 2 threads", "insertion");
    let keys = &keys;
    let look_up = &move |table: &dyn HashTable, calls: u32, step: usize| {
        for number in 0..calls as usize {
            black_box(table.look_up(&keys[number * step % ENTRIES]));
        }
    };
    let mut one_thread: Vec<_> = tables
        .iter()
        .map(|&(name, table)| Variant::new(name, move |calls| look_up(table, calls, 7)))
        .collect();
    let one_thread = compare(&mut one_thread, 100, 10_000);
    let mut two_threads: Vec<_> = tables
        .iter()
        .map(|&(name, table)| {
            Variant::new(name, move |calls| {
                std::thread::scope(|scope| {
                    for step in [7, 11] {
                        scope.spawn(move || look_up(table, calls, step));
                    }
                });
            })
        })
        .collect();
    let two_threads = compare(&mut two_threads, 60, 100_000);
    let entry = &entry;
    let mut insertions: Vec<_> = tables
        .iter()
        .map(|&(name, table)| {
            Variant::new(name, move |calls| {
                for number in 0..calls as usize {
                    table.insert_entry(keys[number % ENTRIES], entry.clone());
                }
            })
        })
        .collect();
    let insertions = compare(&mut insertions, 40, 10_000);
    for (index, (name, _)) in tables.iter().enumerate() {
        println!(
            "  {name:<28} {:>9.0} ns {:>11.0} ns {:>9.0} ns",
            one_thread.median(index),
            two_threads.median(index),
            insertions.median(index)
        );
    }
}
