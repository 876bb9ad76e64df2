//! Checking the settings of a cache, and building the cache from them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::CachedBuilder;
use crate::resolve::cache::cached::{Cached, Inner};
use crate::resolve::cache::local_key::LocalKeyHasher;
use crate::resolve::cache::second_level::{FirstLevel, LocalEntries, Opener};
use crate::resolve::cache::seen_revision::SeenRevision;
use crate::resolve::cache::store::{Lifetimes, Store};
use crate::resolve::cache::weight::Capacity;
use crate::scope::is_scope;
use crate::telemetry::Quoted;
use crate::{Clock, Resolver, ScopeSet, SettingName, SetupError, SystemClock};

pub(crate) const TTL: SettingName = SettingName::with_key("ttl", "cache_ttl_s");
pub(crate) const STALE_IF_ERROR: SettingName =
    SettingName::with_key("stale_if_error", "cache_stale_if_error_s");
pub(crate) const STALE_SCOPES: SettingName =
    SettingName::with_key("stale_scopes", "cache_stale_scopes");
const INACTIVE_TTL: SettingName = SettingName::of_builder("inactive_ttl");
const MAX_ENTRIES: SettingName = SettingName::of_builder("max_entries");
const MAX_BYTES: SettingName = SettingName::of_builder("max_bytes");
const MAX_INACTIVE_ENTRIES: SettingName = SettingName::of_builder("max_inactive_entries");
const CLOCK: SettingName = SettingName::of_builder("clock");
const SECOND_LEVEL: SettingName = SettingName::of_builder("second_level");

/// The longest time for which stale claims may be used.
const MAX_STALE_IF_ERROR: Duration = Duration::from_secs(3600);

impl<R: Resolver> CachedBuilder<R> {
    /// Checks the settings, and makes the cache.
    ///
    /// # Errors
    /// [`SetupError::SetTwice`] for a setting with two values. [`SetupError::Invalid`] for a
    /// [`stale_if_error`](Self::stale_if_error) of more than an hour, for an element of
    /// [`stale_scopes`](Self::stale_scopes) that is not one scope of RFC 6749 §3.3, and for a limit of zero.
    /// [`SetupError::Requires`] for `stale_scopes` without `stale_if_error`, and
    /// [`SetupError::Contradiction`] for a [`second_level`](Self::second_level) with a [`ttl`](Self::ttl) of
    /// zero.
    pub fn build(self) -> Result<Cached<R>, SetupError> {
        let mut lifetimes = Lifetimes::default();
        if let Some(ttl) = self.ttl.get(TTL)? {
            lifetimes.ttl = ttl;
        }
        if let Some(ttl) = self.inactive_ttl.get(INACTIVE_TTL)? {
            lifetimes.inactive_ttl = ttl;
        }
        let stale_if_error = self.stale_if_error.get(STALE_IF_ERROR)?;
        let stale_scopes = self.stale_scopes.get(STALE_SCOPES)?;
        if stale_scopes.is_some() && stale_if_error.is_none() {
            return Err(SetupError::Requires {
                setting: STALE_SCOPES,
                required: STALE_IF_ERROR,
                reason: "without it, no stale claims are used",
            });
        }
        lifetimes.stale_if_error = check_stale_if_error(stale_if_error.unwrap_or_default())?;
        lifetimes.stale_scopes = stale_scopes.as_deref().map(parse_stale_scopes).transpose()?;

        let mut capacity = Capacity::default();
        if let Some(entries) = self.max_entries.get(MAX_ENTRIES)? {
            capacity.entries = entries;
        }
        if let Some(bytes) = self.max_bytes.get(MAX_BYTES)? {
            capacity.bytes = bytes;
        }
        if let Some(entries) = self.max_inactive_entries.get(MAX_INACTIVE_ENTRIES)? {
            capacity.inactive_entries = entries;
        }
        check_capacity(&capacity)?;

        let clock = self.clock.get(CLOCK)?.unwrap_or_else(|| Arc::new(SystemClock));
        let second_level = self.second_level.get(SECOND_LEVEL)?;
        if second_level.is_some() && lifetimes.ttl.is_zero() {
            return Err(SetupError::Contradiction {
                settings: vec![SECOND_LEVEL, TTL],
                reason: "with a `ttl` of zero no claims are cached, so there is nothing to share",
            });
        }
        Ok(Cached::with(self.resolver, lifetimes, &capacity, clock, second_level))
    }
}

fn check_stale_if_error(period: Duration) -> Result<Duration, SetupError> {
    if period > MAX_STALE_IF_ERROR {
        let found = format!("{period:?}");
        return Err(SetupError::invalid(STALE_IF_ERROR, "at most one hour", found));
    }
    Ok(period)
}

fn parse_stale_scopes(scopes: &[String]) -> Result<ScopeSet, SetupError> {
    if let Some(invalid) = scopes.iter().find(|scope| !is_scope(scope)) {
        let expected = "a list of scopes (RFC 6749 §3.3)";
        return Err(SetupError::invalid(STALE_SCOPES, expected, Quoted(invalid)));
    }
    Ok(ScopeSet::granted(scopes.iter().map(String::as_str)))
}

fn check_capacity(capacity: &Capacity) -> Result<(), SetupError> {
    let expected = "at least 1: to cache no claims, set `ttl` to zero";
    if capacity.entries == 0 {
        return Err(SetupError::invalid(MAX_ENTRIES, expected, 0));
    }
    if capacity.bytes == 0 {
        return Err(SetupError::invalid(MAX_BYTES, expected, 0));
    }
    if capacity.inactive_entries == 0 {
        let expected = "at least 1: to cache no inactive tokens, set `inactive_ttl` to zero";
        return Err(SetupError::invalid(MAX_INACTIVE_ENTRIES, expected, 0));
    }
    Ok(())
}

impl<R: Resolver> Cached<R> {
    /// A cache with the defaults of [`CachedBuilder`].
    #[must_use]
    pub fn new(resolver: R) -> Self {
        let clock = Arc::new(SystemClock);
        Self::with(resolver, Lifetimes::default(), &Capacity::default(), clock, None)
    }

    fn with(
        resolver: R,
        lifetimes: Lifetimes,
        capacity: &Capacity,
        clock: Arc<dyn Clock>,
        second_level: Option<Opener>,
    ) -> Self {
        let namespace = resolver.cache_namespace();
        let cached = Self(Arc::new_cyclic(|inner: &Weak<Inner<R>>| Inner {
            key_hasher: LocalKeyHasher::new(&namespace, second_level.is_some()),
            second_level: second_level.map(|opener| {
                let entries: Weak<dyn LocalEntries> = inner.clone();
                opener.open(FirstLevel::new(entries, &namespace, lifetimes.ttl, clock.clone()))
            }),
            store: Store::new(capacity, lifetimes, clock),
            revision: resolver.revision().map(SeenRevision::new),
            single_flight: Arc::default(),
            resolver,
        }));
        cached.0.second_level();
        cached
    }
}
