//! One request to the authorization server for all requests that carry the same token at the same time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::watch;

use super::local_key::LocalKey;
use super::sync::{Mutex, MutexGuard};
use crate::UnavailableError;

/// The resolutions in progress, with the type of their outcomes, which are cheap to clone.
pub(crate) struct SingleFlight<V, E> {
    in_progress: Mutex<InProgress<V, E>>,
}

struct InProgress<V, E> {
    last_number: u64,
    resolutions: HashMap<LocalKey, (u64, Waiter<V, E>)>,
}

impl<V, E> Default for SingleFlight<V, E> {
    fn default() -> Self {
        Self { in_progress: Mutex::new(InProgress { last_number: 0, resolutions: HashMap::new() }) }
    }
}

/// What a request for a key does.
pub(crate) enum Role<V, E> {
    /// Nothing: a resolution has completed since the request looked the key up.
    Hit(Result<V, E>),
    /// It waits for a resolution in progress.
    Follower(Waiter<V, E>),
    /// It resolves the token, and waits for the outcome.
    Leader(Leader<V, E>, Waiter<V, E>),
}

impl<V, E> SingleFlight<V, E> {
    pub(crate) fn join(
        this: &Arc<Self>,
        key: LocalKey,
        look_up: impl FnOnce() -> Option<Result<V, E>>,
    ) -> Role<V, E> {
        let mut in_progress = this.in_progress();
        if let Some((_, waiter)) = in_progress.resolutions.get(&key) {
            return Role::Follower(waiter.clone());
        }
        // A resolution that completed before the lock was taken has stored its outcome.
        if let Some(outcome) = look_up() {
            return Role::Hit(outcome);
        }
        in_progress.last_number += 1;
        let number = in_progress.last_number;
        let (sender, receiver) = watch::channel(None);
        let waiter = Waiter(receiver);
        in_progress.resolutions.insert(key, (number, waiter.clone()));
        let leader = Leader { single_flight: Arc::clone(this), key, number, sender };
        Role::Leader(leader, waiter)
    }

    /// Detaches the resolution of a key: it completes for its waiters, later requests start another one.
    /// `invalidate` runs under the same lock, so that the detached outcome is not stored after it.
    pub(crate) fn detach(&self, key: &LocalKey, invalidate: impl FnOnce()) {
        let mut in_progress = self.in_progress();
        in_progress.resolutions.remove(key);
        invalidate();
    }

    /// Detaches all resolutions, as [`detach`](Self::detach) does.
    pub(crate) fn detach_all(&self, invalidate: impl FnOnce()) {
        let mut in_progress = self.in_progress();
        in_progress.resolutions.clear();
        invalidate();
    }

    /// The lock is never held across an `await`.
    fn in_progress(&self) -> MutexGuard<'_, InProgress<V, E>> {
        self.in_progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that resolves a token. If it is dropped without an outcome, by a panic or by the end of the
/// runtime, its waiters get an error, and the next request resolves the token again.
pub(crate) struct Leader<V, E> {
    single_flight: Arc<SingleFlight<V, E>>,
    key: LocalKey,
    number: u64,
    sender: watch::Sender<Option<Result<V, E>>>,
}

impl<V, E> Leader<V, E> {
    /// Sends the outcome to all waiters. Unless the key has been detached, `apply` stores the outcome
    /// first, and may replace it. Returns whether the key has not been detached.
    pub(crate) fn complete(
        self,
        mut outcome: Result<V, E>,
        apply: impl FnOnce(Result<V, E>) -> Result<V, E>,
    ) -> bool {
        let mut in_progress = self.single_flight.in_progress();
        let current = self.is_current(&in_progress);
        if current {
            outcome = apply(outcome);
            in_progress.resolutions.remove(&self.key);
        }
        drop(in_progress);
        self.sender.send_replace(Some(outcome));
        current
    }

    fn is_current(&self, in_progress: &InProgress<V, E>) -> bool {
        in_progress.resolutions.get(&self.key).is_some_and(|(number, _)| *number == self.number)
    }
}

impl<V, E> Drop for Leader<V, E> {
    fn drop(&mut self) {
        let mut in_progress = self.single_flight.in_progress();
        if self.is_current(&in_progress) {
            in_progress.resolutions.remove(&self.key);
        }
    }
}

/// Receives the outcome of a resolution in progress.
pub(crate) struct Waiter<V, E>(watch::Receiver<Option<Result<V, E>>>);

impl<V, E> Clone for Waiter<V, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V: Clone, E: Clone + From<UnavailableError>> Waiter<V, E> {
    pub(crate) async fn outcome(mut self) -> Result<V, E> {
        let received = self.0.wait_for(Option::is_some).await;
        received.ok().and_then(|outcome| outcome.clone()).unwrap_or_else(|| {
            Err(UnavailableError::new("resolving the token was aborted before it completed").into())
        })
    }
}
