//! Dropping entries before they expire: here, and in every instance that shares the second level.

use std::time::Duration;

use tokio::time::timeout;

use super::cached::{Cached, Inner};
use super::second_level::{Acknowledgement, LocalEntries};
use crate::{AccessToken, Resolver};

/// How long [`Cached::invalidate_everywhere`] waits for the second level.
const ACKNOWLEDGEMENT_TIMEOUT: Duration = Duration::from_secs(1);

/// The second level has not stored an invalidation within a second.
///
/// The entry is dropped in this process. The second level stores the invalidation when it can be reached;
/// until then, other instances may use their entries for as long as their `ttl` allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the second level of the cache has not stored the invalidation yet: it does so when it can be \
     reached"
)]
pub struct InvalidationError(());

impl<R: Resolver> Cached<R> {
    /// Drops the entry of one token: the next request with it resolves it again. A resolution in progress
    /// completes for the requests that wait for it, and its outcome is not cached.
    ///
    /// With a [second level](super::CachedBuilder::second_level), the other instances drop their entries
    /// as well: through Redis, within a second if the store can be reached.
    pub fn invalidate(&self, token: &AccessToken) {
        // The wrapped resolver may have a cache of its own.
        self.0.resolver.invalidate(token);
        // Before the local entry, which could otherwise be filled from there again.
        drop(self.0.invalidate_in_second_level(token));
        self.0.invalidate_entry(&self.0.key_hasher.key(token));
    }

    /// Drops all entries, as [`invalidate`](Self::invalidate) does.
    pub fn invalidate_all(&self) {
        self.0.resolver.invalidate_all();
        drop(self.0.invalidate_all_in_second_level());
        self.0.invalidate_all();
    }

    /// Drops the entry of one token, as [`invalidate`](Self::invalidate) does, and waits until the second
    /// level has stored the invalidation: the instances that reach the store drop their entries within a
    /// second from then. Without a second level it does not wait.
    ///
    /// # Errors
    /// [`InvalidationError`] if the second level does not store it within a second. It does so later, as
    /// soon as it can be reached.
    pub async fn invalidate_everywhere(
        &self,
        token: &AccessToken,
    ) -> Result<(), InvalidationError> {
        self.0.resolver.invalidate(token);
        let acknowledgement = self.0.invalidate_in_second_level(token);
        self.0.invalidate_entry(&self.0.key_hasher.key(token));
        acknowledged(acknowledgement).await
    }

    /// Drops all entries, as [`invalidate_everywhere`](Self::invalidate_everywhere) does.
    ///
    /// # Errors
    /// As there.
    pub async fn invalidate_all_everywhere(&self) -> Result<(), InvalidationError> {
        self.0.resolver.invalidate_all();
        let acknowledgement = self.0.invalidate_all_in_second_level();
        self.0.invalidate_all();
        acknowledged(acknowledgement).await
    }
}

impl<R> Inner<R> {
    fn invalidate_in_second_level(&self, token: &AccessToken) -> Option<Acknowledgement> {
        Some(self.second_level()?.invalidate(token, self.key_hasher.shared_key(token)))
    }

    fn invalidate_all_in_second_level(&self) -> Option<Acknowledgement> {
        Some(self.second_level()?.invalidate_all())
    }
}

async fn acknowledged(acknowledgement: Option<Acknowledgement>) -> Result<(), InvalidationError> {
    let Some(acknowledgement) = acknowledgement else { return Ok(()) };
    timeout(ACKNOWLEDGEMENT_TIMEOUT, acknowledgement).await.map_err(|_| InvalidationError(()))
}
