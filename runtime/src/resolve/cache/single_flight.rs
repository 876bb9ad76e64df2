//! One resolution for all requests that carry the same token at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::local_key::LocalKey;
use crate::{Claims, ResolveError, UnavailableError};

/// The resolutions in progress.
#[derive(Default)]
pub(super) struct SingleFlight {
    in_progress: Mutex<InProgress>,
}

#[derive(Default)]
struct InProgress {
    last_number: u64,
    resolutions: HashMap<LocalKey, (u64, Waiter)>,
}

/// What a request for a key does.
pub(super) enum Role {
    /// Nothing: a resolution has completed since the request looked the key up.
    Hit(Result<Claims, ResolveError>),
    /// It waits for a resolution in progress.
    Follower(Waiter),
    /// It resolves the token, and waits for the outcome.
    Leader(Leader, Waiter),
}

impl SingleFlight {
    pub(super) fn join(
        this: &Arc<Self>,
        key: LocalKey,
        look_up: impl FnOnce() -> Option<Result<Claims, ResolveError>>,
    ) -> Role {
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
    pub(super) fn detach(&self, key: &LocalKey, invalidate: impl FnOnce()) {
        let mut in_progress = self.in_progress();
        in_progress.resolutions.remove(key);
        invalidate();
    }

    /// Detaches all resolutions, as [`detach`](Self::detach) does.
    pub(super) fn detach_all(&self, invalidate: impl FnOnce()) {
        let mut in_progress = self.in_progress();
        in_progress.resolutions.clear();
        invalidate();
    }

    /// The lock is never held across an `await`.
    fn in_progress(&self) -> MutexGuard<'_, InProgress> {
        self.in_progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that resolves a token. If it is dropped without an outcome, by a panic or by the end of the
/// runtime, its waiters get an error, and the next request resolves the token again.
pub(super) struct Leader {
    single_flight: Arc<SingleFlight>,
    key: LocalKey,
    number: u64,
    sender: watch::Sender<Option<Result<Claims, ResolveError>>>,
}

impl Leader {
    /// Sends the outcome to all waiters. Unless the key has been detached, `apply` stores the outcome
    /// first, and may replace it. Returns whether the key has not been detached.
    pub(super) fn complete(
        self,
        mut outcome: Result<Claims, ResolveError>,
        apply: impl FnOnce(Result<Claims, ResolveError>) -> Result<Claims, ResolveError>,
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

    fn is_current(&self, in_progress: &InProgress) -> bool {
        in_progress.resolutions.get(&self.key).is_some_and(|(number, _)| *number == self.number)
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let mut in_progress = self.single_flight.in_progress();
        if self.is_current(&in_progress) {
            in_progress.resolutions.remove(&self.key);
        }
    }
}

/// Receives the outcome of a resolution in progress.
#[derive(Clone)]
pub(super) struct Waiter(watch::Receiver<Option<Result<Claims, ResolveError>>>);

impl Waiter {
    pub(super) async fn outcome(mut self) -> Result<Claims, ResolveError> {
        let received = self.0.wait_for(Option::is_some).await;
        received.ok().and_then(|outcome| outcome.clone()).unwrap_or_else(|| {
            Err(UnavailableError::new("resolving the token was aborted before it completed").into())
        })
    }
}
