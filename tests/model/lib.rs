//! The files of the cache whose threads share memory, compiled with the types of [loom](https://docs.rs/loom), which runs
//! a program in all interleavings that the memory model of Rust allows.
//!
//! The files are those of `runtime/src/resolve/cache`. What they use of the crate is replaced by what is in this file.

#![allow(
    clippy::arc_with_non_send_sync,
    reason = "loom runs its threads on one of the operating system"
)]
// The unit tests of these files need the rest of the crate.
#![cfg(not(test))]
#![allow(dead_code, reason = "the models use a part of these files")]
#![allow(unreachable_pub, missing_debug_implementations, reason = "only the models use it")]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a model that meets the unexpected fails"
)]

extern crate self as thread_local;

use std::collections::HashMap;
use std::sync::Mutex;

use loom::thread::ThreadId;

pub mod forgetting;
pub mod sharing;

#[path = "../../runtime/src/resolve/cache/entry.rs"]
mod entry;
#[path = "../../runtime/src/resolve/cache/entry_versions.rs"]
mod entry_versions;
#[path = "../../runtime/src/resolve/cache/single_flight.rs"]
mod single_flight;
#[path = "../../runtime/src/resolve/cache/thread_entries.rs"]
mod thread_entries;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
}

mod local_key {
    /// A key that is its own number, of the size of a real one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct LocalKey(pub u128);

    impl LocalKey {
        pub(super) fn number(&self) -> usize {
            usize::try_from(self.0).unwrap_or_default()
        }
    }
}

/// Claims that are a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims(pub usize);

impl Claims {
    fn size(&self) -> usize {
        self.0.min(1)
    }

    fn with_own_pointer(&self) -> Self {
        self.clone()
    }
}

/// The error of a resolution that was aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnavailableError;

impl UnavailableError {
    const fn new(_: &str) -> Self {
        Self
    }
}

/// A value for each thread of loom, as `thread_local::ThreadLocal` has one for each of the operating system. The mutex is
/// that of the standard library, which orders nothing for loom.
pub struct ThreadLocal<T: 'static>(Mutex<HashMap<ThreadId, &'static T>>);

impl<T> ThreadLocal<T> {
    fn new() -> Self {
        Self(Mutex::default())
    }

    fn get(&self) -> Option<&T> {
        let tables = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tables.get(&loom::thread::current().id()).copied()
    }
}

impl<T: Default> ThreadLocal<T> {
    /// The value is never freed: a model runs for seconds.
    fn get_or_default(&self) -> &T {
        let mut tables = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let new = || -> &'static T { Box::leak(Box::default()) };
        tables.entry(loom::thread::current().id()).or_insert_with(new)
    }
}
