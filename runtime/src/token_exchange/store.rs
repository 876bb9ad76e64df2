//! The tokens that were issued, and how long they are used again.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{ExchangedToken, TokenExchangeError};
use crate::Clock;
use crate::resolve::cache::local_key::LocalKey;
use crate::resolve::introspection::defaults::MAX_RETRY_AFTER;

/// Holds the outcome of exchanges, by the hash of the token of the caller: a store belongs to one client, one audience
/// and one set of scopes.
pub(super) struct Store {
    entries: Cache<LocalKey, Entry, Size>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Entry {
    outcome: Outcome,
    until: Instant,
}

pub(super) type Outcome = Result<ExchangedToken, TokenExchangeError>;

/// How long a token without `expires_in` is used.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);

/// A token is not used in this time before its end, or in the last fifth of its lifetime if that is shorter: the next
/// API gets it later, and its clock may differ.
const MARGIN: Duration = Duration::from_secs(30);

/// How long a denial is repeated without a request.
const DENIAL: Duration = Duration::from_secs(5);

impl Store {
    pub(super) fn new(max_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        Self { entries: Cache::with_weighter(256, max_bytes, Size), clock }
    }

    pub(super) fn look_up(&self, key: &LocalKey) -> Option<Outcome> {
        let Entry { outcome, until } = self.entries.get(key)?;
        let left = until.saturating_duration_since(self.clock.instant());
        if left.is_zero() {
            self.entries.remove(key);
            return None;
        }
        Some(match outcome {
            Err(TokenExchangeError::Unavailable(error)) => Err(error.with_retry_after(left).into()),
            outcome => outcome,
        })
    }

    /// Keeps an outcome: a token until shortly before it or the token of the caller expires, a denial for 5 s, and an
    /// overload for as long as the authorization server has named.
    pub(super) fn insert(&self, key: LocalKey, outcome: &Outcome, subject: Option<SystemTime>) {
        let now = self.clock.now();
        let left = |end: SystemTime| end.duration_since(now).unwrap_or_default();
        let lifetime = match outcome {
            Ok(token) => {
                let lifetime = token.expires_at().map_or(DEFAULT_LIFETIME, left);
                let lifetime = lifetime.saturating_sub(MARGIN.min(lifetime / 5));
                subject.map_or(lifetime, |subject| lifetime.min(left(subject)))
            }
            Err(error) if error.is_denial() => DENIAL,
            Err(TokenExchangeError::Unavailable(error)) => {
                let named = error.error_response().and(error.retry_after());
                named.unwrap_or_default().min(MAX_RETRY_AFTER)
            }
            Err(_) => Duration::ZERO,
        };
        let until = self.clock.instant().checked_add(lifetime).filter(|_| !lifetime.is_zero());
        if let Some(until) = until {
            self.entries.insert(key, Entry { outcome: outcome.clone(), until });
        }
    }
}

/// The bytes of an entry.
#[derive(Clone)]
struct Size;

impl Weighter<LocalKey, Entry> for Size {
    fn weight(&self, key: &LocalKey, entry: &Entry) -> u64 {
        let text = entry.outcome.as_ref().map_or(0, ExchangedToken::size);
        u64::try_from(size_of_val(key) + size_of_val(entry) + text).unwrap_or(u64::MAX)
    }
}
