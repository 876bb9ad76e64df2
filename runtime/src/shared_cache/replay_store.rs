//! The DPoP proofs that were used, in the store that instances share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::RedisResult;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use super::commands;
use super::connection::{Address, CONNECT_TIMEOUT, Connection};
use super::keys::Keys;
use crate::{ReplayStore, ReplayStoreError, UsedProof};

/// A [`ReplayStore`] on the Redis or Valkey of a [`SharedCache`](super::SharedCache): one atomic command for each proof.
/// [`Dpop::shared`](crate::Dpop::shared) creates it.
pub(super) struct RedisReplayStore {
    keys: Keys,
    timeout: Duration,
    link: Arc<Link>,
}

/// The connection, which the first proof opens, and the first one after it was lost.
struct Link {
    address: Address,
    status: watch::Sender<Status>,
}

#[derive(Clone)]
enum Status {
    Down,
    Connecting,
    Live(Connection),
}

impl RedisReplayStore {
    pub(super) fn new(address: Address, keys: Keys, timeout: Duration) -> Self {
        let link = Arc::new(Link { address, status: watch::Sender::new(Status::Down) });
        Self { keys, timeout, link }
    }

    /// Writes the key of a proof, unless it is there. If the connection was lost, nobody knows whether the command was
    /// executed: on the next connection, the key tells by its value who has written it.
    async fn insert(&self, proof: UsedProof, lifetime: Duration) -> Result<bool, ReplayStoreError> {
        let key = self.keys.proof(&proof);
        let owner = rand::random::<[u8; 16]>();
        for attempt in 0..2 {
            let Some(mut connection) = self.link.live().await else { break };
            let inserted = async {
                if commands::insert(&mut connection, &key, &owner, lifetime).await? {
                    return RedisResult::Ok(true);
                }
                Ok(attempt > 0 && commands::has_value(&mut connection, &key, &owner).await?)
            };
            match inserted.await {
                Ok(inserted) => return Ok(inserted),
                Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                    self.link.close();
                }
                Err(error) => return Err(ReplayStoreError::new(error.category())),
            }
        }
        Err(ReplayStoreError::new("it cannot be reached"))
    }
}

impl ReplayStore for RedisReplayStore {
    async fn record(&self, proof: UsedProof, lifetime: Duration) -> Result<bool, ReplayStoreError> {
        let inserted = timeout(self.timeout, self.insert(proof, lifetime)).await;
        inserted.unwrap_or_else(|_| {
            self.link.close();
            Err(ReplayStoreError::new("no answer in time"))
        })
    }
}

impl Link {
    /// The connection; `None` if the store cannot be reached. Concurrent calls wait for the same attempt, which goes on if
    /// all of them give up.
    async fn live(self: &Arc<Self>) -> Option<Connection> {
        let begins = self.status.send_if_modified(|status| {
            let is_down = matches!(status, Status::Down);
            if is_down {
                *status = Status::Connecting;
            }
            is_down
        });
        if begins {
            let link = Arc::clone(self);
            let Ok(runtime) = Handle::try_current() else {
                self.status.send_replace(Status::Down);
                return None;
            };
            runtime.spawn(async move {
                let connected = timeout(CONNECT_TIMEOUT, link.address.connect()).await;
                let status = match connected {
                    Ok(Ok(connection)) => Status::Live(connection),
                    Ok(Err(_)) | Err(_) => Status::Down,
                };
                link.status.send_replace(status);
            });
        }
        let mut status = self.status.subscribe();
        let ended = status.wait_for(|status| !matches!(status, Status::Connecting)).await;
        match &*ended.ok()? {
            Status::Live(connection) => Some(connection.clone()),
            Status::Down | Status::Connecting => None,
        }
    }

    /// Closes a connection that is lost. An attempt to connect goes on.
    fn close(&self) {
        self.status.send_if_modified(|status| {
            let is_live = matches!(status, Status::Live(_));
            if is_live {
                *status = Status::Down;
            }
            is_live
        });
    }
}

impl fmt::Debug for RedisReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplayStore").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
