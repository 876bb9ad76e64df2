//! The resolver that answers from the cache, and resolves what the cache does not hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::key::CacheKey;
use super::local_key::{LocalKey, LocalKeyHasher};
use super::second_level::{LocalEntries, OpenedSecondLevel};
use super::seen_revision::SeenRevision;
use super::single_flight::{Leader, Role, SingleFlight};
use super::store::Store;
use crate::resolve::Revision;
use crate::telemetry::count;
use crate::{AccessToken, Claims, ResolveError, Resolver};

/// Caches the claims that another resolver returns, and resolves a token once for all requests that
/// carry it at the same time.
///
/// A revoked token is accepted until its entry expires: the `ttl`, 60 s by default, is the revocation
/// window. To end it earlier, keep a clone and [invalidate](Self::invalidate) the token. Several processes
/// can share their entries: see the modules [`second_level`](crate::second_level) and `shared_cache`.
///
/// ```
/// use std::time::Duration;
///
/// use requires_auth::{Cached, Introspection};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let introspection = Introspection::builder("https://auth.example/oauth2/introspect").build()?;
/// let cached = Cached::builder(introspection).ttl(Duration::from_secs(10)).build()?;
/// # Ok(()) }
/// # main().unwrap();
/// ```
///
/// It needs a tokio runtime. A token is resolved in a task of its own, so that the outcome reaches all
/// waiting requests even if the one that started the task is cancelled.
pub struct Cached<R>(pub(super) Arc<Inner<R>>);

pub(super) struct Inner<R> {
    pub(super) resolver: R,
    pub(super) key_hasher: LocalKeyHasher,
    pub(super) store: Store,
    pub(super) single_flight: Arc<SingleFlight<Claims, ResolveError>>,
    pub(super) second_level: Option<OpenedSecondLevel>,
    pub(super) revision: Option<SeenRevision>,
}

type ClaimsLeader = Leader<Claims, ResolveError>;

impl<R: Resolver> Cached<R> {
    fn spawn_resolution(&self, key: LocalKey, token: AccessToken, leader: ClaimsLeader) {
        let inner = Arc::clone(&self.0);
        let resolution = async move { inner.resolve_and_store(key, token, leader).await };
        tokio::spawn(resolution.in_current_span());
    }
}

impl<R: Resolver> Inner<R> {
    async fn resolve_and_store(&self, key: LocalKey, token: AccessToken, leader: ClaimsLeader) {
        let shared = self.second_level.as_ref();
        let Some(second_level) = shared.filter(|_| !self.resolver.resolves_locally(&token)) else {
            let outcome = self.resolver.resolve(&token).await;
            leader.complete(outcome, |outcome| self.store.apply(key, outcome, Duration::ZERO));
            return;
        };
        if let Err(error) = self.resolver.check_locally(&token).await {
            leader.complete(Err(error), |outcome| self.store.apply(key, outcome, Duration::ZERO));
            return;
        }
        let shared_key = self.key_hasher.shared_key(&token);
        if let Some((claims, age)) = second_level.look_up(&token, shared_key).await {
            leader.complete(Ok(claims), |outcome| self.store.apply(key, outcome, age));
            return;
        }
        let resolved_at = second_level.now();
        let outcome = self.resolver.resolve(&token).await;
        let claims = outcome.as_ref().ok().cloned();
        let current =
            leader.complete(outcome, |outcome| self.store.apply(key, outcome, Duration::ZERO));
        // An entry that was invalidated meanwhile must not come back through the second level.
        if let (true, Some(claims)) = (current, claims) {
            second_level.store(&token, shared_key, claims, resolved_at).await;
        }
    }
}

impl<R> Inner<R> {
    /// The second level, started.
    pub(super) fn second_level(&self) -> Option<&OpenedSecondLevel> {
        self.second_level.as_ref().inspect(|second_level| second_level.start())
    }
}

impl<R: Send + Sync> Inner<R> {
    /// Drops all entries if results of the resolver are no longer valid.
    fn drop_outdated_entries(&self) {
        if let Some(revision) = &self.revision {
            revision.update(|| self.invalidate_all());
        }
    }
}

impl<R> Inner<R> {
    /// Removes an entry, and detaches a resolution in progress.
    pub(super) fn invalidate_entry(&self, key: &LocalKey) {
        self.single_flight.detach(key, || self.store.invalidate(key));
    }
}

impl<R: Send + Sync> LocalEntries for Inner<R> {
    fn invalidate(&self, key: &CacheKey) {
        self.invalidate_entry(&self.key_hasher.of_shared_key(key));
    }

    fn invalidate_all(&self) {
        self.single_flight.detach_all(|| self.store.invalidate_all());
    }
}

impl<R: Resolver> Resolver for Cached<R> {
    fn cached(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        self.0.drop_outdated_entries();
        let outcome = self.0.store.look_up(&self.0.key_hasher.key(token))?;
        count!(CACHE_LOOKUPS, "result" => "hit");
        Some(outcome)
    }

    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.0.drop_outdated_entries();
        let key = self.0.key_hasher.key(token);
        if let Some(outcome) = self.0.store.look_up(&key) {
            count!(CACHE_LOOKUPS, "result" => "hit");
            return outcome;
        }
        // A level that becomes ready invalidates all local entries, so this one would be lost.
        if let Some(second_level) = self.0.second_level() {
            second_level.ready().await;
        }
        let role = SingleFlight::join(&self.0.single_flight, key, || self.0.store.look_up(&key));
        match role {
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

    fn invalidate_all(&self) {
        Cached::invalidate_all(self);
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

    fn resolves_opaque_tokens(&self) -> bool {
        self.0.resolver.resolves_opaque_tokens()
    }

    fn revision(&self) -> Option<Revision> {
        self.0.resolver.revision()
    }

    fn jwt_algorithms(&self) -> Vec<&'static str> {
        self.0.resolver.jwt_algorithms()
    }

    async fn check_locally(&self, token: &AccessToken) -> Result<(), ResolveError> {
        self.0.resolver.check_locally(token).await
    }

    fn resolves_locally(&self, token: &AccessToken) -> bool {
        self.0.resolver.resolves_locally(token)
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
