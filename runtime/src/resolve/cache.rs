//! A cache of claims in front of another resolver.
//!
//! An entry contains the result of resolving a token: its claims, or that it is inactive. It contains no
//! decision. Every request compares `exp` with the wall clock again, and the guard of the called
//! function decides whether the scopes suffice. A failure is not cached. If
//! [`stale_if_error`](CachedBuilder::stale_if_error) is set, a failure is answered with stale claims.
//!
//! A lookup goes through these stages, each with a file of its own:
//!
//! 1. `local_key` hashes the token, so that no token is kept; `key` does so for the keys that processes share.
//! 2. `store` looks the key up in this process: first in the entries that the thread keeps, then in those of all threads.
//! 3. `single_flight` lets the first request for a key resolve it, and the others wait for its outcome.
//! 4. `second_level` looks the token up in a store that other processes use as well, if there is one.
//! 5. The wrapped resolver resolves the token.
//!
//! The hash table is `quick_cache`, chosen by measurement: `tests/comparison/run hash-tables`, in one run, on two
//! cores that had other work as well (2026-11-23), with 10,000 entries of claims and two instants.
//!
//! | | lookup | lookup, two threads at once | insertion |
//! |---|---|---|---|
//! | `quick_cache` 0.7.0 | 37 ns | 261 ns | 44 ns |
//! | `moka` 0.12.16 | 269 ns | 571 ns | 539 ns |
//! | `papaya` 0.2.5, a map without bounds | 42 ns | 236 ns | 93 ns |
//!
//! With two threads, most of the time goes into the reference count of the claims, which all entries of
//! that benchmark share.

mod builder;
mod cached;
mod entry;
mod entry_versions;
mod invalidation;
mod key;
pub(crate) mod local_key;
pub mod second_level;
mod seen_revision;
pub(crate) mod single_flight;
mod store;
mod thread_entries;
mod weight;

pub use builder::CachedBuilder;
#[cfg(feature = "redis")]
pub(crate) use builder::TTL;
pub(crate) use builder::{STALE_IF_ERROR, STALE_SCOPES};
pub use cached::Cached;
pub use invalidation::InvalidationError;
pub(crate) use key::{CacheKey, KeyHasher};

/// What threads share. The model checks in `tests/model` compile [`entry_versions`] and [`single_flight`] with other types.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
    pub(super) use std::sync::{Mutex, MutexGuard};
}

#[cfg(test)]
mod tests;
