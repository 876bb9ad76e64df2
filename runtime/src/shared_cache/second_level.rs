//! The store as a second level of a cache.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::invalidation_listener::listen;
use super::pending_invalidations::{StoredSignal, TokenInvalidation};
use super::store::Store;
use crate::AccessToken;
use crate::second_level::{Acknowledgement, CacheKey, ResolvedClaims, SecondLevel};

/// A store with the task that listens to it.
pub(super) struct RedisSecondLevel {
    store: Arc<Store>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl RedisSecondLevel {
    pub(super) fn new(store: Store) -> Self {
        Self { store: Arc::new(store), listener: Mutex::default() }
    }
}

impl SecondLevel for RedisSecondLevel {
    /// Starts the listener. Outside a tokio runtime it does nothing: the first request starts it.
    fn start(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        // A listener ends with the runtime that it was started on.
        if listener.as_ref().is_none_or(JoinHandle::is_finished) {
            *listener = Some(runtime.spawn(listen(Arc::clone(&self.store))));
        }
    }

    async fn ready(&self) {
        let _ = timeout(self.store.timeout, self.store.health.attempted()).await;
    }

    async fn look_up(&self, token: &AccessToken, _: CacheKey) -> Option<ResolvedClaims> {
        self.store.look_up(token).await
    }

    async fn store(&self, token: &AccessToken, _: CacheKey, claims: ResolvedClaims, ttl: Duration) {
        self.store.store(token, &claims, ttl).await;
    }

    fn invalidate(&self, token: &AccessToken, key: CacheKey) -> Acknowledgement {
        let (locator, _) = self.store.encryption.derive(token);
        acknowledgement(self.store.pending.add(TokenInvalidation { locator, key }))
    }

    fn invalidate_all(&self) -> Acknowledgement {
        acknowledgement(self.store.pending.add_all())
    }
}

fn acknowledgement(stored: StoredSignal) -> Acknowledgement {
    Acknowledgement::when(stored.wait())
}
