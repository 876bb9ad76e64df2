//! The builder of a cache.

mod build;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cached::Cached;
use super::second_level::{FirstLevel, Opener, SecondLevel};
use crate::resource_server::SingleValue;
use crate::{Clock, Resolver};
#[cfg(feature = "redis")]
pub(crate) use build::TTL;
pub(crate) use build::{STALE_IF_ERROR, STALE_SCOPES};

/// Settings of a [`Cached`] resolver; started by [`Cached::builder`].
///
/// Each method sets its setting once: a second, different value is an error of [`build`](Self::build).
#[must_use]
pub struct CachedBuilder<R> {
    resolver: R,
    ttl: SingleValue<Duration>,
    inactive_ttl: SingleValue<Duration>,
    max_entries: SingleValue<u64>,
    max_bytes: SingleValue<u64>,
    max_inactive_entries: SingleValue<usize>,
    stale_if_error: SingleValue<Duration>,
    stale_scopes: SingleValue<Vec<String>>,
    clock: SingleValue<Arc<dyn Clock>>,
    second_level: SingleValue<Opener>,
}

impl<R: Resolver> Cached<R> {
    /// Starts with the resolver whose answers are cached.
    pub fn builder(resolver: R) -> CachedBuilder<R> {
        CachedBuilder {
            resolver,
            ttl: SingleValue::UNSET,
            inactive_ttl: SingleValue::UNSET,
            max_entries: SingleValue::UNSET,
            max_bytes: SingleValue::UNSET,
            max_inactive_entries: SingleValue::UNSET,
            stale_if_error: SingleValue::UNSET,
            stale_scopes: SingleValue::UNSET,
            clock: SingleValue::UNSET,
            second_level: SingleValue::UNSET,
        }
    }
}

impl<R: Resolver> CachedBuilder<R> {
    /// How long claims are cached, at most until the token expires. A revoked token may be accepted for
    /// this long. Default: 60 s; zero resolves the token for every request.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl.set(ttl);
        self
    }

    /// How long it is cached that a token is not active. Default: 5 s; zero caches no inactive token.
    pub fn inactive_ttl(mut self, ttl: Duration) -> Self {
        self.inactive_ttl.set(ttl);
        self
    }

    /// How many active tokens are cached, at least 1. Default: 100 000.
    pub fn max_entries(mut self, max_entries: u64) -> Self {
        self.max_entries.set(max_entries);
        self
    }

    /// How many bytes the entries of active tokens may take, claims included, at least 1. Default:
    /// 64 MiB.
    ///
    /// Beyond that, each of up to 256 threads keeps the 64 entries that it uses most, with claims of at most 4 KiB each. They
    /// share the claims with the other entries, and take memory of their own for 10 KiB a thread, and for claims that were
    /// removed from the cache since the thread ran last.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes.set(max_bytes);
        self
    }

    /// How many inactive tokens are cached, in addition to the active ones, at least 1. Default:
    /// 100 000.
    pub fn max_inactive_entries(mut self, max_inactive_entries: usize) -> Self {
        self.max_inactive_entries.set(max_inactive_entries);
        self
    }

    /// How long after the [`ttl`](Self::ttl) stale claims may be used if the token cannot be resolved: the
    /// authorization server does not answer, or not usably. Default: zero, which means never; the maximum is
    /// one hour.
    ///
    /// Stale claims are never used after the token's own `exp`, for an inactive token, if the server rejects
    /// the client's own credentials, or if an [`Introspection`](crate::Introspection) sends no request because of its
    /// concurrency limit or of a 429 to this token.
    ///
    /// It keeps a service available during an outage. In return a revoked token may be accepted for this
    /// much longer, for as long as the outage lasts, or for as long as the token's holder can cause one.
    /// So [name the scopes](Self::stale_scopes) that stale claims may be used for.
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
    ///     .build()?;
    /// # Ok(()) }
    /// # main().unwrap();
    /// ```
    pub fn stale_if_error(mut self, period: Duration) -> Self {
        self.stale_if_error.set(period);
        self
    }

    /// The scopes that stale claims may be used for. It needs [`stale_if_error`](Self::stale_if_error).
    /// Default: all.
    ///
    /// A function that needs another scope, or none at all, answers with a 503, as if there were no entry;
    /// so does [`AuthInfo::require`](crate::AuthInfo::require) inside a function. So does a function that needs
    /// authorization details, also with one of these scopes.
    pub fn stale_scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.stale_scopes.set(scopes.into_iter().map(|scope| scope.as_ref().to_owned()).collect());
        self
    }

    /// The clock that lifetimes are measured with. Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock.set_once(Arc::new(clock));
        self
    }

    /// A second level that other processes use as well: see the [module](crate::second_level). It needs a
    /// [`ttl`](Self::ttl) of more than zero. Default: none.
    ///
    /// [`build`](Self::build) calls `open` with a handle to the cache, and starts the level.
    pub fn second_level<L: SecondLevel>(
        mut self,
        open: impl FnOnce(FirstLevel) -> L + Send + Sync + 'static,
    ) -> Self {
        self.second_level.set_once(Opener::new(open));
        self
    }
}

impl<R> fmt::Debug for CachedBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedBuilder")
            .field("ttl", &self.ttl.first())
            .field("inactive_ttl", &self.inactive_ttl.first())
            .field("stale_if_error", &self.stale_if_error.first())
            .finish_non_exhaustive()
    }
}
