//! A second level of the cache, which several processes share.
//!
//! A [`Cached`](crate::Cached) resolver keeps its entries in its own process: the first level. With a second
//! level it looks a token up there before it resolves it, and stores the claims of what it has resolved.
//! The module `shared_cache` has one on Redis and Valkey (feature `redis`). Implement [`SecondLevel`] for
//! another store, and pass it to [`CachedBuilder::second_level`](crate::CachedBuilder::second_level).
//!
//! # What the cache does
//!
//! - It calls [`look_up`](SecondLevel::look_up) once for all requests that carry the same token at the same
//!   time, and only if the first level has no entry.
//! - It discards claims that are older than its `ttl`, and claims from more than a second in the future.
//!   So a second level cannot make an entry live longer than the first level would.
//! - It passes claims to [`store`](SecondLevel::store) after the request has been answered. It stores neither
//!   failures, nor inactive tokens, nor [stale](crate::Claims::is_stale) claims.
//! - Claims are not checked again: whoever can change them in the store can grant scopes. A store outside the
//!   process must encrypt and authenticate its entries.
//!
//! # What the second level does
//!
//! - It bounds its own waits. A request waits for [`ready`](SecondLevel::ready) and for
//!   [`look_up`](SecondLevel::look_up). A store that is slow or not available is a miss.
//! - After [`invalidate`](SecondLevel::invalidate) has returned, it finds no claims of the token that were
//!   resolved before that, and other instances find none once the store has the invalidation. Another
//!   instance may have begun to resolve the token before, and store its claims afterwards: reject them,
//!   for example by a tombstone.
//! - When it learns of an invalidation by another instance, it calls [`FirstLevel::invalidate`]. If it may
//!   have missed one, it calls [`FirstLevel::invalidate_all`].
//! - It starts its tasks in [`start`](SecondLevel::start), and ends them when the first level
//!   [is closed](FirstLevel::is_closed).
//!
//! # Example
//!
//! Several caches of one process, with the same entries:
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
//! use std::time::{Duration, SystemTime};
//!
//! use requires_auth::second_level::{
//!     Acknowledgement, CacheKey, FirstLevel, ResolvedClaims, SecondLevel,
//! };
//! use requires_auth::{AccessToken, Cached, Introspection};
//!
//! #[derive(Clone, Default)]
//! struct InProcess(Arc<Mutex<State>>);
//!
//! #[derive(Default)]
//! struct State {
//!     // a real store has limits, and removes an entry after its time to live
//!     entries: HashMap<CacheKey, ResolvedClaims>,
//!     tombstones: HashMap<CacheKey, SystemTime>,
//!     all_invalidated: Option<SystemTime>,
//!     first_levels: Vec<FirstLevel>,
//! }
//!
//! impl InProcess {
//!     fn open(&self, first_level: FirstLevel) -> Self {
//!         self.state().first_levels.push(first_level);
//!         self.clone()
//!     }
//!
//!     fn state(&self) -> MutexGuard<'_, State> {
//!         self.0.lock().unwrap_or_else(PoisonError::into_inner)
//!     }
//! }
//!
//! impl SecondLevel for InProcess {
//!     async fn look_up(&self, _: &AccessToken, key: CacheKey) -> Option<ResolvedClaims> {
//!         self.state().entries.get(&key).cloned()
//!     }
//!
//!     async fn store(&self, _: &AccessToken, key: CacheKey, claims: ResolvedClaims, _: Duration) {
//!         let mut state = self.state();
//!         let invalidated = state.tombstones.get(&key).copied().max(state.all_invalidated);
//!         if invalidated.is_none_or(|at| at < claims.resolved_at) {
//!             state.entries.insert(key, claims);
//!         }
//!     }
//!
//!     fn invalidate(&self, _: &AccessToken, key: CacheKey) -> Acknowledgement {
//!         let mut state = self.state();
//!         state.entries.remove(&key);
//!         state.tombstones.insert(key, SystemTime::now());
//!         for first_level in &state.first_levels {
//!             first_level.invalidate(&key);
//!         }
//!         Acknowledgement::stored()
//!     }
//!
//!     fn invalidate_all(&self) -> Acknowledgement {
//!         let mut state = self.state();
//!         state.entries.clear();
//!         state.all_invalidated = Some(SystemTime::now());
//!         for first_level in &state.first_levels {
//!             first_level.invalidate_all();
//!         }
//!         Acknowledgement::stored()
//!     }
//! }
//!
//! # fn main() -> Result<(), requires_auth::SetupError> {
//! let shared = InProcess::default();
//! let introspection = Introspection::builder("https://auth.example/introspect").build()?;
//! let cached = Cached::builder(introspection)
//!     .second_level(move |first_level| shared.open(first_level))
//!     .build()?;
//! # Ok(()) }
//! # main().unwrap();
//! ```

mod acknowledgement;
mod first_level;
mod opened;

use std::time::Duration;

use crate::AccessToken;

pub use super::key::CacheKey;
pub use acknowledgement::Acknowledgement;
pub(super) use first_level::LocalEntries;
pub use first_level::{FirstLevel, ResolvedClaims};
pub(super) use opened::{OpenedSecondLevel, Opener};

/// A store of claims that several caches use: see the [module](self) for the contract.
///
/// A method gets the token and its [`CacheKey`]. An implementation uses either as its key. It never stores
/// the token itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a second level of the cache",
    note = "implement `requires_auth::second_level::SecondLevel` for it"
)]
pub trait SecondLevel: Send + Sync + 'static {
    /// Starts the tasks of the level, unless they are running.
    ///
    /// The cache calls it when it is built and before each use, sometimes outside a tokio runtime. It must
    /// return at once. By default it does nothing.
    fn start(&self) {}

    /// Completes when the first attempt to reach the store has ended, successfully or not, or after a
    /// timeout of the level. Every request that misses in the first level waits for it. By default it
    /// completes at once.
    fn ready(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// The claims of a token, with the time at which they were resolved; `None` for a miss, and for a
    /// store that does not answer in time.
    fn look_up(
        &self,
        token: &AccessToken,
        key: CacheKey,
    ) -> impl Future<Output = Option<ResolvedClaims>> + Send;

    /// Stores the claims of an active token, for at most `ttl`: the `ttl` of the cache, or less if the token
    /// expires earlier. A failure is not reported to the cache.
    fn store(
        &self,
        token: &AccessToken,
        key: CacheKey,
        claims: ResolvedClaims,
        ttl: Duration,
    ) -> impl Future<Output = ()> + Send;

    /// Invalidates the entry of a token for all instances. This instance finds no entry from the moment
    /// that the method returns; the [`Acknowledgement`] completes when the store has the invalidation.
    ///
    /// If the store cannot be reached, the level keeps the invalidation and sends it later, whether the
    /// acknowledgement is awaited or dropped.
    fn invalidate(&self, token: &AccessToken, key: CacheKey) -> Acknowledgement;

    /// Invalidates all entries for all instances, as [`invalidate`](Self::invalidate) does for one.
    fn invalidate_all(&self) -> Acknowledgement;
}
