//! Remembering claims, so that not every request is an exchange.
//!
//! What is remembered are facts: the claims of a token, or that it is not active. Whether they
//! suffice is decided on every request, by the guard of the function that is called, and `exp` is
//! compared with the wall clock each time. A failure is never remembered; where it is asked for,
//! claims that are older than their lifetime stand in for an answer that cannot be had.
//!
//! The store is `quick_cache`, chosen by measurement: `tests/peers/run stores`, in one run, on two
//! cores that had other work as well (2026-11-23), with 10,000 entries of claims and two moments.
//!
//! | | lookup | lookup, two threads at once | insertion |
//! |---|---|---|---|
//! | `quick_cache` 0.7.0 | 37 ns | 261 ns | 44 ns |
//! | `moka` 0.12.16 | 269 ns | 571 ns | 539 ns |
//! | `papaya` 0.2.5, a map without capacity | 42 ns | 236 ns | 93 ns |
//!
//! With two threads, most is the count of owners of the claims, which all entries share there.

mod builder;
mod key;
#[cfg(feature = "redis")]
mod second_level;
mod single_flight;
mod store;
mod weight;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use crate::telemetry::count;
use crate::{AccessToken, Claims, ResolveError, Resolver};
use single_flight::{Leader, Role, SingleFlight};
use store::Store;

pub use builder::CachedBuilder;
pub(crate) use key::{CacheKey, KeyHasher};

type Outcome = Result<Claims, ResolveError>;

/// Remembers what another resolver found out, and asks it once for all who want to know the same.
///
/// A token that is revoked stays usable for as long as it is remembered: the lifetime, 60 s by
/// default, is the revocation window that you declare. Keep a clone to
/// [invalidate](Self::invalidate) a token before that. Several processes can share what they know: see the
/// module `shared_cache`.
///
/// ```
/// use std::time::Duration;
///
/// use requires_auth::{Cached, Introspection};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let introspection = Introspection::builder("https://auth.example/oauth2/introspect").build()?;
/// let cached = Cached::builder(introspection).ttl(Duration::from_secs(10)).build();
/// # Ok(()) }
/// # main().unwrap();
/// ```
///
/// It resolves on a tokio runtime: an exchange goes on when the caller who began it has gone, for
/// those who wait for its outcome.
pub struct Cached<R>(Arc<Inner<R>>);

struct Inner<R> {
    resolver: R,
    key_hasher: KeyHasher,
    store: Store,
    single_flight: Arc<SingleFlight>,
    #[cfg(feature = "redis")]
    shared: Option<Arc<crate::shared_cache::Shared>>,
}

impl<R: Resolver> Cached<R> {
    /// Remembers with the defaults of [`CachedBuilder`].
    #[must_use]
    pub fn new(resolver: R) -> Self {
        Self::builder(resolver).build()
    }

    /// Forgets one token, whatever is known of it: the next request asks again. The outcome of an
    /// exchange that is under way goes to those who wait for it, and is not remembered.
    ///
    /// With a [shared](CachedBuilder::shared) second level, other instances invalidate it as well, within
    /// a second where the store can be reached.
    pub fn invalidate(&self, token: &AccessToken) {
        // What is under this cache may remember, too.
        self.0.resolver.invalidate(token);
        let key = self.0.key_hasher.key(token);
        // First, so that from now on nobody finds it there.
        #[cfg(feature = "redis")]
        drop(self.invalidate_second_level(token, key));
        self.0.invalidate(&key);
    }

    /// Forgets everything, as [`invalidate`](Self::invalidate) does.
    pub fn invalidate_all(&self) {
        #[cfg(feature = "redis")]
        drop(self.invalidate_all_second_level());
        self.0.invalidate_all();
    }

    /// Asks the resolver in a task of its own, so that the outcome reaches everybody who waits for
    /// it, whoever of them goes away.
    fn spawn_resolution(&self, key: CacheKey, token: AccessToken, leader: Leader) {
        let inner = Arc::clone(&self.0);
        let exchange = async move { inner.resolve_and_store(key, token, leader).await };
        tokio::spawn(exchange.in_current_span());
    }
}

impl<R: Resolver> Inner<R> {
    async fn resolve_and_store(&self, key: CacheKey, token: AccessToken, leader: Leader) {
        #[cfg(feature = "redis")]
        let Some(leader) = self.find_shared(key, &token, leader).await else { return };
        #[cfg(feature = "redis")]
        let asked_at = self.store.wall_clock();

        let outcome = self.resolver.resolve(&token).await;
        #[cfg(feature = "redis")]
        let claims = outcome.as_ref().ok().cloned();
        let current =
            leader.complete(outcome, |outcome| self.store.apply(key, outcome, Duration::ZERO));

        #[cfg(feature = "redis")]
        if let (true, Some(claims)) = (current, claims) {
            self.share(&token, &claims, asked_at).await;
        }
        #[cfg(not(feature = "redis"))]
        let _ = current;
    }
}

impl<R> Inner<R> {
    fn invalidate(&self, key: &CacheKey) {
        self.single_flight.detach(key, || self.store.invalidate(key));
    }

    fn invalidate_all(&self) {
        self.single_flight.detach_all(|| self.store.invalidate_all());
    }
}

impl<R: Resolver> Resolver for Cached<R> {
    fn cached(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        let known = self.0.store.look_up(&self.0.key_hasher.key(token))?;
        count!(CACHE_LOOKUPS, "result" => "hit");
        Some(known)
    }

    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let key = self.0.key_hasher.key(token);
        if let Some(known) = self.0.store.look_up(&key) {
            count!(CACHE_LOOKUPS, "result" => "hit");
            return known;
        }
        // An exchange that began before the store was there would be forgotten when it comes.
        #[cfg(feature = "redis")]
        if let Some(shared) = self.0.watch() {
            shared.attempted().await;
        }
        match SingleFlight::join(&self.0.single_flight, key, || self.0.store.look_up(&key)) {
            Role::Hit(outcome) => {
                count!(CACHE_LOOKUPS, "result" => "hit");
                outcome
            }
            Role::Follower(waiter) => {
                count!(CACHE_LOOKUPS, "result" => "coalesced");
                waiter.outcome().await
            }
            Role::Leader(leader, waiter) => {
                count!(CACHE_LOOKUPS, "result" => "miss");
                self.spawn_resolution(key, token.clone(), leader);
                waiter.outcome().await
            }
        }
    }

    fn invalidate(&self, token: &AccessToken) {
        Cached::invalidate(self, token);
    }

    fn cache_namespace(&self) -> String {
        self.0.resolver.cache_namespace()
    }

    fn client_id(&self) -> Option<&str> {
        self.0.resolver.client_id()
    }

    fn vouches_for_issuer(&self) -> bool {
        self.0.resolver.vouches_for_issuer()
    }
}

impl<R> Clone for Cached<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: fmt::Debug> fmt::Debug for Cached<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cached").field(&self.0.resolver).finish()
    }
}

#[cfg(test)]
mod tests;
