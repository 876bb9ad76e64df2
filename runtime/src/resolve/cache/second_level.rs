//! A second level that is shared with other processes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use super::single_flight::Leader;
use super::{CacheKey, Cached, Inner};
use crate::shared_cache::{Acknowledgement, Forget, InvalidationError};
use crate::{AccessToken, Claims, Resolver};

/// How long somebody waits to hear that the store has been acknowledgement.
const PATIENCE: Duration = Duration::from_secs(1);

type PendingAcknowledgement = Option<Acknowledgement>;

impl<R: Resolver> Cached<R> {
    /// Forgets one token, as [`invalidate`](Self::invalidate) does, and waits until the shared cache has been
    /// acknowledgement: all instances that reach it invalidate the token within a second from then. Without a shared
    /// cache there is nobody else to tell.
    ///
    /// # Errors
    /// If the store cannot be reached within a second. It is acknowledgement as soon as it is.
    pub async fn invalidate_everywhere(
        &self,
        token: &AccessToken,
    ) -> Result<(), InvalidationError> {
        self.0.resolver.invalidate(token);
        let key = self.0.key_hasher.key(token);
        let acknowledgement = self.invalidate_second_level(token, key);
        self.0.invalidate(&key);
        wait_for(acknowledgement).await
    }

    /// Forgets everything, as [`invalidate_everywhere`](Self::invalidate_everywhere) does.
    ///
    /// # Errors
    /// As there.
    pub async fn invalidate_all_everywhere(&self) -> Result<(), InvalidationError> {
        let acknowledgement = self.invalidate_all_second_level();
        self.0.invalidate_all();
        wait_for(acknowledgement).await
    }

    pub(super) fn invalidate_second_level(
        &self,
        token: &AccessToken,
        key: CacheKey,
    ) -> PendingAcknowledgement {
        let shared = self.0.watch()?;
        Some(shared.invalidate(token, key))
    }

    pub(super) fn invalidate_all_second_level(&self) -> PendingAcknowledgement {
        let shared = self.0.watch()?;
        Some(shared.invalidate_all())
    }
}

impl<R: Resolver> Inner<R> {
    /// Sees to it that the store is watched, where there is one.
    pub(super) fn watch(self: &Arc<Self>) -> Option<&Arc<crate::shared_cache::Shared>> {
        let shared = self.shared.as_ref()?;
        let weak = Arc::downgrade(self);
        shared.watch(weak);
        Some(shared)
    }

    /// Lands with what another process has found out; gives the leader back if there is nothing.
    pub(super) async fn find_shared(
        &self,
        key: CacheKey,
        token: &AccessToken,
        leader: Leader,
    ) -> Option<Leader> {
        let Some(shared) = &self.shared else { return Some(leader) };
        let Some((claims, age)) = shared.look_up(token, || self.store.wall_clock()).await else {
            return Some(leader);
        };
        leader.complete(Ok(claims), |outcome| self.store.apply(key, outcome, age));
        None
    }

    pub(super) async fn share(&self, token: &AccessToken, claims: &Claims, asked_at: SystemTime) {
        if let Some(shared) = &self.shared {
            shared.remember(token, claims, asked_at).await;
        }
    }
}

impl<R: Resolver> Forget for Inner<R> {
    fn invalidate(&self, key: &CacheKey) {
        Inner::invalidate(self, key);
    }

    fn invalidate_all(&self) {
        self.invalidate_all();
    }
}

async fn wait_for(acknowledgement: PendingAcknowledgement) -> Result<(), InvalidationError> {
    let Some(acknowledgement) = acknowledgement else { return Ok(()) };
    match timeout(PATIENCE, acknowledgement.wait()).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(InvalidationError::new()),
    }
}
