//! One exchange for all who want to know the same at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Outcome;
use super::key::Key;
use crate::Unavailable;

/// The exchanges that are under way.
#[derive(Default)]
pub(super) struct Flights {
    registered: Mutex<Registered>,
}

#[derive(Default)]
struct Registered {
    last: u64,
    flights: HashMap<Key, (u64, Arrival)>,
}

/// What there is to do for somebody who wants to know.
pub(super) enum Boarding {
    /// It has just become known.
    Known(Outcome),
    /// Somebody has asked already: wait for the answer.
    Join(Arrival),
    /// Ask, and wait for the answer.
    Start(Flight, Arrival),
}

impl Flights {
    pub(super) fn board(
        this: &Arc<Self>,
        key: Key,
        look_up: impl FnOnce() -> Option<Outcome>,
    ) -> Boarding {
        let mut registered = this.registered();
        if let Some((_, arrival)) = registered.flights.get(&key) {
            return Boarding::Join(arrival.clone());
        }
        // What landed before the lock was taken is remembered by now.
        if let Some(known) = look_up() {
            return Boarding::Known(known);
        }
        registered.last += 1;
        let number = registered.last;
        let (sender, receiver) = watch::channel(None);
        let arrival = Arrival(receiver);
        registered.flights.insert(key, (number, arrival.clone()));
        let flight = Flight { flights: Arc::clone(this), key, number, sender };
        Boarding::Start(flight, arrival)
    }

    /// Lets the exchange about a key go on for those who wait for it, but nobody else: whoever
    /// comes from now on asks anew. `invalidate` happens at the same moment.
    pub(super) fn detach(&self, key: &Key, invalidate: impl FnOnce()) {
        let mut registered = self.registered();
        registered.flights.remove(key);
        invalidate();
    }

    pub(super) fn detach_all(&self, invalidate: impl FnOnce()) {
        let mut registered = self.registered();
        registered.flights.clear();
        invalidate();
    }

    /// Never held across an `await`.
    fn registered(&self) -> MutexGuard<'_, Registered> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exchange under way. Dropped without an outcome, by a panic or by the end of the runtime, it
/// lets those who wait go with an error, and whoever comes next asks anew.
pub(super) struct Flight {
    flights: Arc<Flights>,
    key: Key,
    number: u64,
    sender: watch::Sender<Option<Outcome>>,
}

impl Flight {
    /// Hands the outcome to everybody who waits; what becomes of it is settled by what is remembered,
    /// unless the key was detached. Returns whether it was not.
    pub(super) fn land(
        self,
        mut outcome: Outcome,
        settle: impl FnOnce(Outcome) -> Outcome,
    ) -> bool {
        let mut registered = self.flights.registered();
        let current = self.is_registered(&registered);
        if current {
            outcome = settle(outcome);
            registered.flights.remove(&self.key);
        }
        drop(registered);
        self.sender.send_replace(Some(outcome));
        current
    }

    fn is_registered(&self, registered: &Registered) -> bool {
        registered.flights.get(&self.key).is_some_and(|(number, _)| *number == self.number)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut registered = self.flights.registered();
        if self.is_registered(&registered) {
            registered.flights.remove(&self.key);
        }
    }
}

/// Where the outcome of an exchange arrives.
#[derive(Clone)]
pub(super) struct Arrival(watch::Receiver<Option<Outcome>>);

impl Arrival {
    pub(super) async fn outcome(mut self) -> Outcome {
        let arrived = self.0.wait_for(Option::is_some).await;
        arrived.ok().and_then(|outcome| outcome.clone()).unwrap_or_else(|| {
            Err(Unavailable::new("the exchange with the authorization server was broken off")
                .into())
        })
    }
}
