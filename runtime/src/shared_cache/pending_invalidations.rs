//! What was forgotten here, and the other instances have yet to hear of.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::encryption::Locator;
use crate::resolve::cache::CacheKey;

/// Keeps what was forgotten until the store has it, however long that cannot be reached.
///
/// A token waits once, however often it is forgotten meanwhile.
pub(super) struct PendingInvalidations {
    waiting: Mutex<Waiting>,
    wake: Notify,
    /// The number of the last item that the store has.
    stored: watch::Sender<u64>,
}

#[derive(Default)]
struct Waiting {
    /// In order of their numbers.
    tokens: VecDeque<(u64, TokenInvalidation)>,
    /// The numbers of the same.
    numbers: HashMap<Locator, u64>,
    /// The number of the last item.
    last: u64,
    /// Whether everything is to be forgotten, as the item of this number.
    everything: Option<u64>,
    /// What is being sent; whatever comes meanwhile waits again.
    sending: Option<Batch>,
}

/// A token that was forgotten.
#[derive(Clone, Copy)]
pub(super) struct TokenInvalidation {
    /// What the store calls it.
    pub(super) locator: Locator,
    /// What the instances call it.
    pub(super) key: CacheKey,
}

/// What is sent at once.
#[derive(Clone)]
pub(super) struct Batch {
    /// None where everything is to be forgotten.
    pub(super) tokens: Vec<TokenInvalidation>,
    everything: bool,
    /// The store has all items up to this number when it has this.
    up_to: u64,
}

/// Ends when the store has an item.
pub(crate) struct Acknowledgement {
    number: u64,
    stored: watch::Receiver<u64>,
}

/// How many tokens wait at most: instead of more, everything is forgotten.
const MAX_PENDING_TOKENS: usize = 10_000;

/// How many tokens are sent at once. InvalidationPage are read in between.
const BATCH_SIZE: usize = 500;

impl PendingInvalidations {
    pub(super) fn new() -> Self {
        Self { waiting: Mutex::default(), wake: Notify::new(), stored: watch::Sender::new(0) }
    }

    pub(super) fn add(&self, invalidation: TokenInvalidation) -> Acknowledgement {
        let number = self.waiting().add(invalidation);
        self.wake.notify_one();
        Acknowledgement { number, stored: self.stored.subscribe() }
    }

    pub(super) fn add_all(&self) -> Acknowledgement {
        let number = self.waiting().add_all();
        self.wake.notify_one();
        Acknowledgement { number, stored: self.stored.subscribe() }
    }

    /// Whether the store may still have what was forgotten of a token.
    pub(super) fn holds(&self, locator: &Locator) -> bool {
        let waiting = self.waiting();
        let sending = waiting.sending.as_ref().is_some_and(|batch| {
            batch.everything || batch.tokens.iter().any(|token| token.locator == *locator)
        });
        sending || waiting.everything.is_some() || waiting.numbers.contains_key(locator)
    }

    /// Ends when something is put in.
    pub(super) async fn notified(&self) {
        self.wake.notified().await;
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_empty(&self) -> bool {
        let waiting = self.waiting();
        waiting.sending.is_none() && waiting.everything.is_none() && waiting.tokens.is_empty()
    }

    /// Whether a whole batch waits to be sent.
    pub(super) fn has_full_batch(&self) -> bool {
        self.waiting().tokens.len() >= BATCH_SIZE
    }

    /// What to send next: the same until it is [sent](Self::sent), or everything is to be forgotten.
    pub(super) fn next_batch(&self) -> Option<Batch> {
        self.waiting().next_batch()
    }

    /// The store has it.
    pub(super) fn sent(&self, batch: &Batch) {
        self.waiting().sending = None;
        self.stored.send_replace(batch.up_to);
    }

    /// Never held across an `await`.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, invalidation: TokenInvalidation) -> u64 {
        // What is forgotten before everything is needs no item of its own.
        if let Some(number) = self.everything {
            return number;
        }
        if let Some(number) = self.numbers.get(&invalidation.locator) {
            return *number;
        }
        let sending = self.sending.as_ref().map_or(0, |batch| batch.tokens.len());
        if self.tokens.len() + sending >= MAX_PENDING_TOKENS {
            return self.add_all();
        }
        self.last += 1;
        self.tokens.push_back((self.last, invalidation));
        self.numbers.insert(invalidation.locator, self.last);
        self.last
    }

    fn add_all(&mut self) -> u64 {
        if let Some(number) = self.everything {
            return number;
        }
        self.last += 1;
        self.everything = Some(self.last);
        (self.tokens, self.numbers) = Default::default();
        self.last
    }

    fn next_batch(&mut self) -> Option<Batch> {
        if let Some(up_to) = self.everything.take() {
            self.sending = Some(Batch { tokens: Vec::new(), everything: true, up_to });
        } else if self.sending.is_none() {
            let count = self.tokens.len().min(BATCH_SIZE);
            let (up_to, _) = *self.tokens.get(count.checked_sub(1)?)?;
            let tokens: Vec<_> = self.tokens.drain(..count).map(|(_, token)| token).collect();
            for token in &tokens {
                self.numbers.remove(&token.locator);
            }
            self.sending = Some(Batch { tokens, everything: false, up_to });
        }
        self.sending.clone()
    }
}

impl Batch {
    pub(super) fn is_everything(&self) -> bool {
        self.everything
    }
}

impl Acknowledgement {
    /// `false` if nobody will send it any more.
    pub(crate) async fn wait(mut self) -> bool {
        self.stored.wait_for(|stored| *stored >= self.number).await.is_ok()
    }

    #[cfg(test)]
    fn is_stored(&self) -> bool {
        *self.stored.borrow() >= self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forgotten(number: usize) -> TokenInvalidation {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        TokenInvalidation { locator: bytes, key: CacheKey::from_bytes(&[7; 32]).unwrap() }
    }

    fn locator(number: usize) -> Locator {
        forgotten(number).locator
    }

    #[test]
    fn what_is_put_in_stays_until_it_is_sent() {
        // R-E10
        let pending = PendingInvalidations::new();
        assert!(pending.next_batch().is_none() && pending.is_empty());
        let first = pending.add(forgotten(1));
        let batch = pending.next_batch().unwrap();
        let second = pending.add(forgotten(2));
        assert!(pending.holds(&locator(1)) && pending.holds(&locator(2)));
        assert!(!pending.holds(&locator(3)) && !first.is_stored());
        let again = pending.next_batch().unwrap();
        assert_eq!((again.tokens.len(), again.tokens[0].locator), (1, locator(1)), "not sent yet");

        pending.sent(&batch);
        assert!(first.is_stored() && !second.is_stored() && !pending.is_empty());
        assert!(!pending.holds(&locator(1)) && pending.holds(&locator(2)));
        let batch = pending.next_batch().unwrap();
        assert_eq!((batch.tokens.len(), batch.tokens[0].locator), (1, locator(2)));
        pending.sent(&batch);
        assert!(second.is_stored() && pending.is_empty());
    }

    #[test]
    fn a_token_that_is_forgotten_often_waits_once() {
        // R-E10: in an outage, too, and every waiter is notified.
        let pending = PendingInvalidations::new();
        let all: Vec<_> = (0..2 * MAX_PENDING_TOKENS).map(|_| pending.add(forgotten(1))).collect();
        let batch = pending.next_batch().unwrap();
        assert!(!batch.is_everything());
        assert_eq!(batch.tokens.len(), 1);
        // From here on it may have been resolved again: it has to be sent again, once.
        let later: Vec<_> =
            (0..2 * MAX_PENDING_TOKENS).map(|_| pending.add(forgotten(1))).collect();
        pending.sent(&batch);
        assert!(
            all.iter().all(Acknowledgement::is_stored)
                && !later.iter().any(Acknowledgement::is_stored)
        );
        let batch = pending.next_batch().unwrap();
        assert_eq!((batch.is_everything(), batch.tokens.len()), (false, 1));
        pending.sent(&batch);
        assert!(later.iter().all(Acknowledgement::is_stored) && pending.next_batch().is_none());
    }

    #[test]
    fn many_are_sent_in_batches_and_in_order() {
        // R-E10
        let pending = PendingInvalidations::new();
        let all: Vec<_> =
            (0..MAX_PENDING_TOKENS).map(|number| pending.add(forgotten(number))).collect();
        let mut next = 0;
        while let Some(batch) = pending.next_batch() {
            assert!(!batch.is_everything() && batch.tokens.len() == BATCH_SIZE);
            for token in &batch.tokens {
                assert_eq!(token.locator, locator(next));
                next += 1;
            }
            pending.sent(&batch);
            assert!(all[next - 1].is_stored() && all.get(next).is_none_or(|it| !it.is_stored()));
        }
        assert_eq!(next, MAX_PENDING_TOKENS);
    }

    #[test]
    fn too_much_becomes_everything() {
        // R-E10: nothing that was to be forgotten is left out, and no more is kept.
        let pending = PendingInvalidations::new();
        let first = pending.add(forgotten(0));
        let sending = pending.next_batch().unwrap();
        for number in 1..MAX_PENDING_TOKENS {
            drop(pending.add(forgotten(number)));
        }
        assert!(!pending.next_batch().unwrap().is_everything());
        let last = pending.add(forgotten(MAX_PENDING_TOKENS));
        let later: Vec<_> =
            (0..MAX_PENDING_TOKENS).map(|number| pending.add(forgotten(number))).collect();
        assert!(pending.holds(&locator(3 * MAX_PENDING_TOKENS)), "whatever it is");
        assert!(pending.waiting().tokens.is_empty(), "and nothing is kept one by one");
        let batch = pending.next_batch().unwrap();
        assert!(batch.is_everything() && batch.tokens.is_empty());
        assert!(batch.up_to > sending.up_to);
        // It may be too late for this one.
        let after = pending.add(forgotten(1));
        assert!(pending.next_batch().unwrap().is_everything(), "not sent yet");
        pending.sent(&batch);
        assert!(
            first.is_stored() && last.is_stored() && later.iter().all(Acknowledgement::is_stored)
        );
        assert!(!after.is_stored() && pending.next_batch().unwrap().tokens.len() == 1);
    }

    #[test]
    fn everything_is_forgotten_once_however_often() {
        // R-E7, R-E10
        let pending = PendingInvalidations::new();
        let all: Vec<_> = (0..MAX_PENDING_TOKENS).map(|_| pending.add_all()).collect();
        let batch = pending.next_batch().unwrap();
        let later = pending.add_all();
        pending.sent(&batch);
        assert!(all.iter().all(Acknowledgement::is_stored) && !later.is_stored());
        pending.sent(&pending.next_batch().unwrap());
        assert!(later.is_stored() && pending.next_batch().is_none());
    }
}
