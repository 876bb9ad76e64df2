//! One exchange for all who want to know the same at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Outcome;
use super::key::CacheKey;
use crate::Unavailable;

/// The exchanges that are under way.
#[derive(Default)]
pub(super) struct SingleFlight {
    in_progress: Mutex<InProgress>,
}

#[derive(Default)]
struct InProgress {
    last: u64,
    single_flight: HashMap<CacheKey, (u64, Waiter)>,
}

/// What there is to do for somebody who wants to know.
pub(super) enum Role {
    /// It has just become known.
    Hit(Outcome),
    /// Somebody has asked already: wait for the answer.
    Follower(Waiter),
    /// Ask, and wait for the answer.
    Leader(Leader, Waiter),
}

impl SingleFlight {
    pub(super) fn join(
        this: &Arc<Self>,
        key: CacheKey,
        look_up: impl FnOnce() -> Option<Outcome>,
    ) -> Role {
        let mut in_progress = this.in_progress();
        if let Some((_, waiter)) = in_progress.single_flight.get(&key) {
            return Role::Follower(waiter.clone());
        }
        // What landed before the lock was taken is remembered by now.
        if let Some(known) = look_up() {
            return Role::Hit(known);
        }
        in_progress.last += 1;
        let number = in_progress.last;
        let (sender, receiver) = watch::channel(None);
        let waiter = Waiter(receiver);
        in_progress.single_flight.insert(key, (number, waiter.clone()));
        let leader = Leader { single_flight: Arc::clone(this), key, number, sender };
        Role::Leader(leader, waiter)
    }

    /// Lets the exchange about a key go on for those who wait for it, but nobody else: whoever
    /// comes from now on asks anew. `invalidate` happens at the same moment.
    pub(super) fn detach(&self, key: &CacheKey, invalidate: impl FnOnce()) {
        let mut in_progress = self.in_progress();
        in_progress.single_flight.remove(key);
        invalidate();
    }

    pub(super) fn detach_all(&self, invalidate: impl FnOnce()) {
        let mut in_progress = self.in_progress();
        in_progress.single_flight.clear();
        invalidate();
    }

    /// Never held across an `await`.
    fn in_progress(&self) -> MutexGuard<'_, InProgress> {
        self.in_progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exchange under way. Dropped without an outcome, by a panic or by the end of the runtime, it
/// lets those who wait go with an error, and whoever comes next asks anew.
pub(super) struct Leader {
    single_flight: Arc<SingleFlight>,
    key: CacheKey,
    number: u64,
    sender: watch::Sender<Option<Outcome>>,
}

impl Leader {
    /// Hands the outcome to everybody who waits; what becomes of it is settled by what is remembered,
    /// unless the key was detached. Returns whether it was not.
    pub(super) fn complete(
        self,
        mut outcome: Outcome,
        apply: impl FnOnce(Outcome) -> Outcome,
    ) -> bool {
        let mut in_progress = self.single_flight.in_progress();
        let current = self.is_current(&in_progress);
        if current {
            outcome = apply(outcome);
            in_progress.single_flight.remove(&self.key);
        }
        drop(in_progress);
        self.sender.send_replace(Some(outcome));
        current
    }

    fn is_current(&self, in_progress: &InProgress) -> bool {
        in_progress.single_flight.get(&self.key).is_some_and(|(number, _)| *number == self.number)
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let mut in_progress = self.single_flight.in_progress();
        if self.is_current(&in_progress) {
            in_progress.single_flight.remove(&self.key);
        }
    }
}

/// Where the outcome of an exchange arrives.
#[derive(Clone)]
pub(super) struct Waiter(watch::Receiver<Option<Outcome>>);

impl Waiter {
    pub(super) async fn outcome(mut self) -> Outcome {
        let arrived = self.0.wait_for(Option::is_some).await;
        arrived.ok().and_then(|outcome| outcome.clone()).unwrap_or_else(|| {
            Err(Unavailable::new("the exchange with the authorization server was broken off")
                .into())
        })
    }
}
