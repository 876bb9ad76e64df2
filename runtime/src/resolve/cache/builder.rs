//! Setting up a cache.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::key::KeyHasher;
use super::single_flight::SingleFlight;
use super::store::{Lifetimes, Store};
use super::weight::Capacity;
use super::{Cached, Inner};
use crate::{Clock, Resolver, ScopeSet, SystemClock};

/// Settings of a [`Cached`] resolver; started by [`Cached::builder`].
#[must_use]
pub struct CachedBuilder<R> {
    resolver: R,
    lifetimes: Lifetimes,
    capacity: Capacity,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "redis")]
    shared: Option<crate::shared_cache::SharedCache>,
}

/// The longest time for which claims stand in for an answer that cannot be had.
const MAX_STALE_IF_ERROR: Duration = Duration::from_secs(3600);

impl<R: Resolver> Cached<R> {
    /// Starts with the resolver whose answers are remembered.
    pub fn builder(resolver: R) -> CachedBuilder<R> {
        CachedBuilder {
            resolver,
            lifetimes: Lifetimes {
                ttl: Duration::from_secs(60),
                inactive_ttl: Duration::from_secs(5),
                stale_if_error: Duration::ZERO,
                stale_scopes: None,
            },
            capacity: Capacity {
                max_entries: 100_000,
                max_bytes: 64 << 20,
                max_inactive_entries: 100_000,
            },
            clock: Arc::new(SystemClock),
            #[cfg(feature = "redis")]
            shared: None,
        }
    }
}

impl<R: Resolver> CachedBuilder<R> {
    /// How long claims are remembered, at most until the token expires: the time for which a
    /// revoked token may still be accepted. Default: 60 s; zero asks about every request.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.ttl = ttl;
        self
    }

    /// How long it is remembered that a token is not active. Default: 5 s; zero remembers none.
    pub fn inactive_ttl(mut self, lifetime: Duration) -> Self {
        self.lifetimes.inactive_ttl = lifetime;
        self
    }

    /// How many active tokens are remembered. Default: 100 000.
    pub fn max_entries(mut self, max_entries: u64) -> Self {
        self.capacity.max_entries = max_entries;
        self
    }

    /// How many bytes active tokens may take, by their claims. Default: 64 MiB.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.capacity.max_bytes = max_bytes;
        self
    }

    /// How many inactive tokens are remembered, apart from the active ones. Default: 100 000.
    pub fn max_inactive_entries(mut self, max_inactive_entries: usize) -> Self {
        self.capacity.max_inactive_entries = max_inactive_entries;
        self
    }

    /// Lets claims stand in, for this long beyond their lifetime, when the resolver cannot find out
    /// whether they still hold: it has no answer, or no usable one. Default: they never do; at most
    /// one hour, never beyond the token's own `exp`, and never for a token that is not active, when
    /// this server's own credentials are refused, or when an [`Introspection`](crate::Introspection)
    /// holds the request back because of other callers' or after a 429 to this token.
    ///
    /// It keeps readers going in an outage. The price is the revocation window, which is this much
    /// longer for as long as the outage lasts, or for as long as the holder of a revoked token can
    /// bring one about. So [name the scopes](Self::stale_scopes) that may be used in this way.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use requires_auth::{Cached, Introspection};
    ///
    /// # fn main() -> Result<(), requires_auth::SetupError> {
    /// let introspection = Introspection::builder("https://auth.example/introspect").build()?;
    /// let cached = Cached::builder(introspection)
    ///     .stale_if_error(Duration::from_secs(600))
    ///     .stale_scopes(["entries:read", "tags:read"])
    ///     .build();
    /// # Ok(()) }
    /// # main().unwrap();
    /// ```
    pub fn stale_if_error(mut self, period: Duration) -> Self {
        self.lifetimes.stale_if_error = period.min(MAX_STALE_IF_ERROR);
        self
    }

    /// The scopes that stale claims may be used for; without [`stale_if_error`](Self::stale_if_error)
    /// it has no effect. Default: all.
    ///
    /// A function that needs another scope, or none at all, is refused with a 503, as if nothing
    /// were remembered; so is [`AuthInfo::require`](crate::AuthInfo::require) inside a function.
    pub fn stale_scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<S> = scopes.into_iter().collect();
        // What is outside the grammar equals no scope of a token.
        self.lifetimes.stale_scopes = Some(ScopeSet::granted(scopes.iter().map(AsRef::as_ref)));
        self
    }

    /// The clock for lifetimes. Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// A second level that is shared with other processes: see the [module](crate::shared_cache). With a
    /// [TTL](Self::ttl) of zero it is not used. Default: none.
    ///
    /// On a tokio runtime, [`build`](Self::build) begins to look for the store at once, elsewhere the
    /// first request does.
    #[cfg(feature = "redis")]
    pub fn shared(mut self, shared: crate::shared_cache::SharedCache) -> Self {
        self.shared = Some(shared);
        self
    }

    /// Begins to remember.
    #[must_use]
    pub fn build(self) -> Cached<R> {
        let name = self.resolver.cache_namespace();
        let cached = Cached(Arc::new(Inner {
            key_hasher: KeyHasher::new(&name),
            #[cfg(feature = "redis")]
            shared: self
                .shared
                .filter(|_| !self.lifetimes.ttl.is_zero())
                .map(|shared| shared.open(name, self.lifetimes.ttl)),
            store: Store::new(&self.capacity, self.lifetimes, self.clock),
            single_flight: Arc::new(SingleFlight::default()),
            resolver: self.resolver,
        }));
        #[cfg(feature = "redis")]
        cached.0.watch();
        cached
    }
}

impl<R> fmt::Debug for CachedBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedBuilder")
            .field("lifetime", &self.lifetimes.ttl)
            .field("inactive_ttl", &self.lifetimes.inactive_ttl)
            .field("stale_if_error", &self.lifetimes.stale_if_error)
            .finish_non_exhaustive()
    }
}
