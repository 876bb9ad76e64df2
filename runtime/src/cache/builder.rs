//! Setting up a cache.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::flights::Flights;
use super::key::Keys;
use super::store::{Bounds, Store};
use super::{Cached, Inner};
use crate::{Clock, Resolver, SystemClock};

/// Settings of a [`Cached`] resolver; started by [`Cached::builder`].
#[must_use]
pub struct CachedBuilder<R> {
    resolver: R,
    lifetime: Duration,
    inactive_lifetime: Duration,
    bounds: Bounds,
    clock: Arc<dyn Clock>,
}

impl<R: Resolver> Cached<R> {
    /// Starts with the resolver whose answers are remembered.
    pub fn builder(resolver: R) -> CachedBuilder<R> {
        CachedBuilder {
            resolver,
            lifetime: Duration::from_secs(60),
            inactive_lifetime: Duration::from_secs(5),
            bounds: Bounds { entries: 100_000, bytes: 64 << 20, inactive_entries: 100_000 },
            clock: Arc::new(SystemClock),
        }
    }
}

impl<R: Resolver> CachedBuilder<R> {
    /// How long claims are remembered, at most until the token expires: the time for which a
    /// revoked token may still be accepted. Default: 60 s; zero remembers no claims.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How long it is remembered that a token is not active. Default: 5 s; zero remembers none.
    pub fn inactive_lifetime(mut self, lifetime: Duration) -> Self {
        self.inactive_lifetime = lifetime;
        self
    }

    /// How many active tokens are remembered. Default: 100 000.
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.bounds.entries = entries;
        self
    }

    /// How many bytes active tokens may take, by their claims. Default: 64 MiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.bounds.bytes = bytes;
        self
    }

    /// How many inactive tokens are remembered, apart from the active ones. Default: 100 000.
    pub fn max_inactive_entries(mut self, entries: usize) -> Self {
        self.bounds.inactive_entries = entries;
        self
    }

    /// The clock for lifetimes. Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Begins to remember.
    #[must_use]
    pub fn build(self) -> Cached<R> {
        let Self { resolver, lifetime, inactive_lifetime, bounds, clock } = self;
        Cached(Arc::new(Inner {
            keys: Keys::new(&resolver.name()),
            store: Store::new(&bounds, lifetime, inactive_lifetime, clock),
            flights: Arc::new(Flights::default()),
            resolver,
        }))
    }
}

impl<R> fmt::Debug for CachedBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedBuilder")
            .field("lifetime", &self.lifetime)
            .field("inactive_lifetime", &self.inactive_lifetime)
            .finish_non_exhaustive()
    }
}
