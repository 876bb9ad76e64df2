//! A second level that is shared with other processes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use super::single_flight::Flight;
use super::{Cached, Inner, Key};
use crate::shared_cache::{Forget, InvalidationError, Stored};
use crate::{AccessToken, Claims, Resolver};

/// How long somebody waits to hear that the store has been told.
const PATIENCE: Duration = Duration::from_secs(1);

type Told = Option<Stored>;

impl<R: Resolver> Cached<R> {
    /// Forgets one token, as [`invalidate`](Self::invalidate) does, and waits until the shared cache has been
    /// told: all instances that reach it invalidate the token within a second from then. Without a shared
    /// cache there is nobody else to tell.
    ///
    /// # Errors
    /// If the store cannot be reached within a second. It is told as soon as it is.
    pub async fn invalidate_everywhere(
        &self,
        token: &AccessToken,
    ) -> Result<(), InvalidationError> {
        self.0.resolver.invalidate(token);
        let key = self.0.keys.of(token);
        let told = self.forget_shared(token, key);
        self.0.invalidate(&key);
        wait_for(told).await
    }

    /// Forgets everything, as [`invalidate_everywhere`](Self::invalidate_everywhere) does.
    ///
    /// # Errors
    /// As there.
    pub async fn invalidate_all_everywhere(&self) -> Result<(), InvalidationError> {
        let told = self.forget_all_shared();
        self.0.invalidate_all();
        wait_for(told).await
    }

    pub(super) fn forget_shared(&self, token: &AccessToken, key: Key) -> Told {
        let shared = self.0.watch()?;
        Some(shared.invalidate(token, key))
    }

    pub(super) fn forget_all_shared(&self) -> Told {
        let shared = self.0.watch()?;
        Some(shared.forget_everything())
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

    /// Lands with what another process has found out; gives the flight back if there is nothing.
    pub(super) async fn find_shared(
        &self,
        key: Key,
        token: &AccessToken,
        flight: Flight,
    ) -> Option<Flight> {
        let Some(shared) = &self.shared else { return Some(flight) };
        let Some((claims, age)) = shared.look_up(token, || self.store.wall_clock()).await else {
            return Some(flight);
        };
        flight.land(Ok(claims), |outcome| self.store.settle(key, outcome, age));
        None
    }

    pub(super) async fn share(&self, token: &AccessToken, claims: &Claims, asked_at: SystemTime) {
        if let Some(shared) = &self.shared {
            shared.remember(token, claims, asked_at).await;
        }
    }
}

impl<R: Resolver> Forget for Inner<R> {
    fn invalidate(&self, key: &Key) {
        Inner::invalidate(self, key);
    }

    fn forget_everything(&self) {
        self.invalidate_all();
    }
}

async fn wait_for(told: Told) -> Result<(), InvalidationError> {
    let Some(told) = told else { return Ok(()) };
    match timeout(PATIENCE, told.wait()).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(InvalidationError::new()),
    }
}
