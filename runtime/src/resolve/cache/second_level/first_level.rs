//! The cache in this process, as its second level uses it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use crate::resolve::cache::key::CacheKey;
use crate::{Claims, Clock};

/// The clocks of two machines may differ by this much.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(1);

/// Claims, and the time at which they were resolved.
#[derive(Debug, Clone)]
pub struct ResolvedClaims {
    /// The claims of an active token.
    pub claims: Claims,
    /// When the resolver was called for them, by the clock of the instance that did so.
    pub resolved_at: SystemTime,
}

/// The cache in this process: its settings, and the way to invalidate its entries.
///
/// It does not keep the cache alive. It is cheap to clone.
#[derive(Clone)]
pub struct FirstLevel {
    entries: Weak<dyn LocalEntries>,
    namespace: Arc<str>,
    ttl: Duration,
    clock: Arc<dyn Clock>,
}

/// The entries of a cache, without the type of its resolver.
pub(in crate::resolve::cache) trait LocalEntries: Send + Sync {
    fn invalidate(&self, key: &CacheKey);

    fn invalidate_all(&self);
}

impl FirstLevel {
    pub(in crate::resolve::cache) fn new(
        entries: Weak<dyn LocalEntries>,
        namespace: &str,
        ttl: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { entries, namespace: namespace.into(), ttl, clock }
    }

    /// The [`cache_namespace`](crate::Resolver::cache_namespace) of the resolver: entries of different
    /// namespaces must be kept apart, since two resolvers may return different claims for one token.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The `ttl` of the cache: older claims are not used.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The wall clock of the cache.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// The age of claims that were resolved at this time; `None` if the cache does not use them, because
    /// they are older than its `ttl`, or from more than a second in the future.
    #[must_use]
    pub fn age(&self, resolved_at: SystemTime) -> Option<Duration> {
        let age = match self.now().duration_since(resolved_at) {
            Ok(age) => age,
            Err(ahead) if ahead.duration() <= MAX_CLOCK_SKEW => Duration::ZERO,
            Err(_) => return None,
        };
        (age < self.ttl).then_some(age)
    }

    /// Drops the entry with this key. A resolution in progress completes for the requests that wait for
    /// it, and its outcome is not cached.
    pub fn invalidate(&self, key: &CacheKey) {
        if let Some(entries) = self.entries.upgrade() {
            entries.invalidate(key);
        }
    }

    /// Drops all entries, as [`invalidate`](Self::invalidate) does.
    pub fn invalidate_all(&self) {
        if let Some(entries) = self.entries.upgrade() {
            entries.invalidate_all();
        }
    }

    /// Whether the cache has been dropped. While it is being built, that is before the first
    /// [`start`](super::SecondLevel::start), it counts as closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.entries.strong_count() == 0
    }
}

impl fmt::Debug for FirstLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstLevel")
            .field("namespace", &self.namespace)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}
