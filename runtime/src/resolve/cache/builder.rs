//! The settings of a cache.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::cached::{Cached, Inner};
use super::key::KeyHasher;
use super::second_level::{FirstLevel, LocalEntries, Opener, SecondLevel};
use super::seen_revision::SeenRevision;
use super::store::{Lifetimes, Store};
use super::weight::Capacity;
use crate::scope::is_scope;
use crate::telemetry::Quoted;
use crate::{Clock, Resolver, ScopeSet, SettingName, SetupError, SystemClock};

/// Settings of a [`Cached`] resolver; started by [`Cached::builder`].
#[must_use]
pub struct CachedBuilder<R> {
    resolver: R,
    lifetimes: Lifetimes,
    capacity: Capacity,
    clock: Arc<dyn Clock>,
    second_level: Option<Opener>,
    /// The first element of `stale_scopes` that is not one scope.
    invalid_stale_scope: Option<String>,
}

pub(crate) const TTL: SettingName = SettingName::with_key("ttl", "cache_ttl_s");
pub(crate) const STALE_IF_ERROR: SettingName =
    SettingName::with_key("stale_if_error", "cache_stale_if_error_s");
pub(crate) const STALE_SCOPES: SettingName =
    SettingName::with_key("stale_scopes", "cache_stale_scopes");
const MAX_ENTRIES: SettingName = SettingName::of_builder("max_entries");
const MAX_BYTES: SettingName = SettingName::of_builder("max_bytes");
const MAX_INACTIVE_ENTRIES: SettingName = SettingName::of_builder("max_inactive_entries");

/// The longest time for which stale claims may be used.
const MAX_STALE_IF_ERROR: Duration = Duration::from_secs(3600);

impl<R: Resolver> Cached<R> {
    /// Starts with the resolver whose answers are cached.
    pub fn builder(resolver: R) -> CachedBuilder<R> {
        CachedBuilder {
            resolver,
            lifetimes: Lifetimes {
                ttl: Duration::from_secs(60),
                inactive_ttl: Duration::from_secs(5),
                stale_if_error: Duration::ZERO,
                stale_scopes: None,
            },
            capacity: Capacity { entries: 100_000, bytes: 64 << 20, inactive_entries: 100_000 },
            clock: Arc::new(SystemClock),
            second_level: None,
            invalid_stale_scope: None,
        }
    }
}

impl<R: Resolver> CachedBuilder<R> {
    /// How long claims are cached, at most until the token expires. A revoked token may be accepted for
    /// this long. Default: 60 s; zero resolves the token for every request.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.ttl = ttl;
        self
    }

    /// How long it is cached that a token is not active. Default: 5 s; zero caches no inactive token.
    pub fn inactive_ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.inactive_ttl = ttl;
        self
    }

    /// How many active tokens are cached, at least 1. Default: 100 000.
    pub fn max_entries(mut self, max_entries: u64) -> Self {
        self.capacity.entries = max_entries;
        self
    }

    /// How many bytes the entries of active tokens may take, claims included, at least 1. Default:
    /// 64 MiB.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.capacity.bytes = max_bytes;
        self
    }

    /// How many inactive tokens are cached, in addition to the active ones, at least 1. Default:
    /// 100 000.
    pub fn max_inactive_entries(mut self, max_inactive_entries: usize) -> Self {
        self.capacity.inactive_entries = max_inactive_entries;
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
        self.lifetimes.stale_if_error = period;
        self
    }

    /// The scopes that stale claims may be used for. It has no effect without
    /// [`stale_if_error`](Self::stale_if_error). Default: all.
    ///
    /// A function that needs another scope, or none at all, answers with a 503, as if there were no entry;
    /// so does [`AuthInfo::require`](crate::AuthInfo::require) inside a function.
    pub fn stale_scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<S> = scopes.into_iter().collect();
        let invalid = scopes.iter().map(AsRef::as_ref).find(|scope| !is_scope(scope));
        self.invalid_stale_scope = invalid.map(str::to_owned);
        self.lifetimes.stale_scopes = Some(ScopeSet::granted(scopes.iter().map(AsRef::as_ref)));
        self
    }

    /// The clock that lifetimes are measured with. Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// A second level that other processes use as well: see the [module](crate::second_level). With a
    /// [`ttl`](Self::ttl) of zero it is not used. Default: none.
    ///
    /// [`build`](Self::build) calls `open` with a handle to the cache, and starts the level.
    pub fn second_level<L: SecondLevel>(
        mut self,
        open: impl FnOnce(FirstLevel) -> L + Send + Sync + 'static,
    ) -> Self {
        self.second_level = Some(Opener::new(open));
        self
    }

    /// Checks the settings, and makes the cache.
    ///
    /// # Errors
    /// [`SetupError::Invalid`] for a [`stale_if_error`](Self::stale_if_error) of more than an hour, for an
    /// element of [`stale_scopes`](Self::stale_scopes) that is not one scope of RFC 6749 §3.3, and for a
    /// limit of zero.
    pub fn build(self) -> Result<Cached<R>, SetupError> {
        self.validate()?;
        Ok(self.build_unchecked())
    }

    fn validate(&self) -> Result<(), SetupError> {
        let stale_if_error = self.lifetimes.stale_if_error;
        if stale_if_error > MAX_STALE_IF_ERROR {
            let found = format!("{stale_if_error:?}");
            return Err(SetupError::invalid(STALE_IF_ERROR, "at most one hour", found));
        }
        if let Some(scope) = &self.invalid_stale_scope {
            let expected = "a list of scopes (RFC 6749 §3.3)";
            return Err(SetupError::invalid(STALE_SCOPES, expected, Quoted(scope)));
        }
        let Capacity { entries, bytes, inactive_entries } = self.capacity;
        let expected = "at least 1: to cache no claims, set `ttl` to zero";
        if entries == 0 {
            return Err(SetupError::invalid(MAX_ENTRIES, expected, entries));
        }
        if bytes == 0 {
            return Err(SetupError::invalid(MAX_BYTES, expected, bytes));
        }
        if inactive_entries == 0 {
            let expected = "at least 1: to cache no inactive tokens, set `inactive_ttl` to zero";
            return Err(SetupError::invalid(MAX_INACTIVE_ENTRIES, expected, inactive_entries));
        }
        Ok(())
    }

    pub(super) fn build_unchecked(self) -> Cached<R> {
        let Self { resolver, lifetimes, capacity, clock, second_level, .. } = self;
        let namespace = resolver.cache_namespace();
        let cached = Cached(Arc::new_cyclic(|inner: &Weak<Inner<R>>| Inner {
            key_hasher: KeyHasher::new(&namespace),
            second_level: second_level.filter(|_| !lifetimes.ttl.is_zero()).map(|opener| {
                let entries: Weak<dyn LocalEntries> = inner.clone();
                opener.open(FirstLevel::new(entries, &namespace, lifetimes.ttl, clock.clone()))
            }),
            store: Store::new(&capacity, lifetimes, clock),
            revision: resolver.revision().map(SeenRevision::new),
            single_flight: Arc::default(),
            resolver,
        }));
        cached.0.second_level();
        cached
    }
}

impl<R> fmt::Debug for CachedBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedBuilder")
            .field("ttl", &self.lifetimes.ttl)
            .field("inactive_ttl", &self.lifetimes.inactive_ttl)
            .field("stale_if_error", &self.lifetimes.stale_if_error)
            .finish_non_exhaustive()
    }
}
