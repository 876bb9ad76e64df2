//! Invalidations of this instance that the store does not have yet.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::encryption::Locator;
use crate::second_level::CacheKey;

/// A queue of invalidations. They stay in it until the store has them, however long it cannot be reached.
///
/// A token has one place in the queue, however often it is invalidated.
pub(super) struct PendingInvalidations {
    queue: Mutex<Queue>,
    added: Notify,
    /// The number of the last invalidation that the store has.
    stored: watch::Sender<u64>,
}

#[derive(Default)]
struct Queue {
    /// In the order of their numbers.
    tokens: VecDeque<(u64, TokenInvalidation)>,
    /// The numbers of `tokens`.
    numbers: HashMap<Locator, u64>,
    last_number: u64,
    /// The number of the invalidation of all entries, if one is pending.
    all: Option<u64>,
    /// The batch that is being sent. A token of it that is invalidated again is added again.
    in_progress: Option<Batch>,
}

/// The invalidation of one token.
#[derive(Clone, Copy)]
pub(super) struct TokenInvalidation {
    /// The token's name in the store.
    pub(super) locator: Locator,
    /// The token's key in the first level of every instance.
    pub(super) key: CacheKey,
}

/// Invalidations that are sent together.
#[derive(Clone)]
pub(super) struct Batch {
    /// Empty if all entries are invalidated.
    pub(super) tokens: Vec<TokenInvalidation>,
    all: bool,
    /// The number of the last invalidation that this batch completes.
    last_number: u64,
}

/// Signals that the store has an invalidation.
pub(super) struct StoredSignal {
    number: u64,
    stored: watch::Receiver<u64>,
}

/// The number of tokens in the queue at most. Instead of one more, all entries are invalidated.
const MAX_PENDING_TOKENS: usize = 10_000;

/// The number of tokens in a batch at most. The stream is read between two batches.
const BATCH_SIZE: usize = 500;

impl PendingInvalidations {
    pub(super) fn new() -> Self {
        Self { queue: Mutex::default(), added: Notify::new(), stored: watch::Sender::new(0) }
    }

    pub(super) fn add(&self, invalidation: TokenInvalidation) -> StoredSignal {
        let number = self.queue().add(invalidation);
        self.signal(number)
    }

    pub(super) fn add_all(&self) -> StoredSignal {
        let number = self.queue().add_all();
        self.signal(number)
    }

    fn signal(&self, number: u64) -> StoredSignal {
        self.added.notify_one();
        StoredSignal { number, stored: self.stored.subscribe() }
    }

    /// Whether an invalidation of this token, or of all, is pending: then the store may have an entry that
    /// must not be used.
    pub(super) fn contains(&self, locator: &Locator) -> bool {
        let queue = self.queue();
        let in_progress = queue.in_progress.as_ref().is_some_and(|batch| {
            batch.all || batch.tokens.iter().any(|token| token.locator == *locator)
        });
        in_progress || queue.all.is_some() || queue.numbers.contains_key(locator)
    }

    /// Completes when an invalidation is added.
    pub(super) async fn added(&self) {
        self.added.notified().await;
    }

    pub(super) fn is_empty(&self) -> bool {
        let queue = self.queue();
        queue.in_progress.is_none() && queue.all.is_none() && queue.tokens.is_empty()
    }

    pub(super) fn has_full_batch(&self) -> bool {
        self.queue().tokens.len() >= BATCH_SIZE
    }

    /// The batch to send next. It is the same until it is [confirmed](Self::confirm), or replaced by the
    /// invalidation of all entries.
    pub(super) fn next_batch(&self) -> Option<Batch> {
        self.queue().next_batch()
    }

    /// Removes a batch that the store has.
    pub(super) fn confirm(&self, batch: &Batch) {
        self.queue().in_progress = None;
        self.stored.send_replace(batch.last_number);
    }

    /// The lock is never held across an `await`.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn add(&mut self, invalidation: TokenInvalidation) -> u64 {
        // A pending invalidation of all entries includes this one.
        if let Some(number) = self.all {
            return number;
        }
        if let Some(number) = self.numbers.get(&invalidation.locator) {
            return *number;
        }
        let in_progress = self.in_progress.as_ref().map_or(0, |batch| batch.tokens.len());
        if self.tokens.len() + in_progress >= MAX_PENDING_TOKENS {
            return self.add_all();
        }
        self.last_number += 1;
        self.tokens.push_back((self.last_number, invalidation));
        self.numbers.insert(invalidation.locator, self.last_number);
        self.last_number
    }

    fn add_all(&mut self) -> u64 {
        if let Some(number) = self.all {
            return number;
        }
        self.last_number += 1;
        self.all = Some(self.last_number);
        (self.tokens, self.numbers) = Default::default();
        self.last_number
    }

    fn next_batch(&mut self) -> Option<Batch> {
        if let Some(last_number) = self.all.take() {
            self.in_progress = Some(Batch { tokens: Vec::new(), all: true, last_number });
        } else if self.in_progress.is_none() {
            let count = self.tokens.len().min(BATCH_SIZE);
            let (last_number, _) = *self.tokens.get(count.checked_sub(1)?)?;
            let tokens: Vec<_> = self.tokens.drain(..count).map(|(_, token)| token).collect();
            for token in &tokens {
                self.numbers.remove(&token.locator);
            }
            self.in_progress = Some(Batch { tokens, all: false, last_number });
        }
        self.in_progress.clone()
    }
}

impl Batch {
    pub(super) fn is_all(&self) -> bool {
        self.all
    }
}

impl StoredSignal {
    /// Completes when the store has the invalidation; never, if the cache is dropped before.
    pub(super) async fn wait(mut self) {
        if self.stored.wait_for(|stored| *stored >= self.number).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(test)]
    fn is_stored(&self) -> bool {
        *self.stored.borrow() >= self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalidation(number: usize) -> TokenInvalidation {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        TokenInvalidation { locator: bytes, key: CacheKey::from_bytes(&[7; 32]).unwrap() }
    }

    fn locator(number: usize) -> Locator {
        invalidation(number).locator
    }

    #[test]
    fn an_invalidation_stays_pending_until_it_is_confirmed() {
        // R-E10
        let pending = PendingInvalidations::new();
        assert!(pending.next_batch().is_none() && pending.is_empty());
        let first = pending.add(invalidation(1));
        let batch = pending.next_batch().unwrap();
        let second = pending.add(invalidation(2));
        assert!(pending.contains(&locator(1)) && pending.contains(&locator(2)));
        assert!(!pending.contains(&locator(3)) && !first.is_stored());
        let again = pending.next_batch().unwrap();
        assert_eq!((again.tokens.len(), again.tokens[0].locator), (1, locator(1)), "not sent yet");

        pending.confirm(&batch);
        assert!(first.is_stored() && !second.is_stored() && !pending.is_empty());
        assert!(!pending.contains(&locator(1)) && pending.contains(&locator(2)));
        let batch = pending.next_batch().unwrap();
        assert_eq!((batch.tokens.len(), batch.tokens[0].locator), (1, locator(2)));
        pending.confirm(&batch);
        assert!(second.is_stored() && pending.is_empty());
    }

    #[test]
    fn a_token_that_is_invalidated_often_has_one_place_in_the_queue() {
        // R-E10: during an outage as well, and every caller gets its signal.
        let pending = PendingInvalidations::new();
        let all: Vec<_> =
            (0..2 * MAX_PENDING_TOKENS).map(|_| pending.add(invalidation(1))).collect();
        let batch = pending.next_batch().unwrap();
        assert!(!batch.is_all());
        assert_eq!(batch.tokens.len(), 1);
        // The token may have been resolved again since the batch was made: it is sent again, once.
        let later: Vec<_> =
            (0..2 * MAX_PENDING_TOKENS).map(|_| pending.add(invalidation(1))).collect();
        pending.confirm(&batch);
        assert!(
            all.iter().all(StoredSignal::is_stored) && !later.iter().any(StoredSignal::is_stored)
        );
        let batch = pending.next_batch().unwrap();
        assert_eq!((batch.is_all(), batch.tokens.len()), (false, 1));
        pending.confirm(&batch);
        assert!(later.iter().all(StoredSignal::is_stored) && pending.next_batch().is_none());
    }

    #[test]
    fn many_tokens_are_sent_in_batches_and_in_order() {
        // R-E10
        let pending = PendingInvalidations::new();
        let all: Vec<_> =
            (0..MAX_PENDING_TOKENS).map(|number| pending.add(invalidation(number))).collect();
        let mut next = 0;
        while let Some(batch) = pending.next_batch() {
            assert!(!batch.is_all() && batch.tokens.len() == BATCH_SIZE);
            for token in &batch.tokens {
                assert_eq!(token.locator, locator(next));
                next += 1;
            }
            pending.confirm(&batch);
            assert!(all[next - 1].is_stored() && all.get(next).is_none_or(|it| !it.is_stored()));
        }
        assert_eq!(next, MAX_PENDING_TOKENS);
    }

    #[test]
    fn too_many_tokens_become_an_invalidation_of_all() {
        // R-E10: no invalidation is lost, and the queue is bounded.
        let pending = PendingInvalidations::new();
        let first = pending.add(invalidation(0));
        let in_progress = pending.next_batch().unwrap();
        for number in 1..MAX_PENDING_TOKENS {
            drop(pending.add(invalidation(number)));
        }
        assert!(!pending.next_batch().unwrap().is_all());
        let last = pending.add(invalidation(MAX_PENDING_TOKENS));
        let later: Vec<_> =
            (0..MAX_PENDING_TOKENS).map(|number| pending.add(invalidation(number))).collect();
        assert!(pending.contains(&locator(3 * MAX_PENDING_TOKENS)), "any token");
        assert!(pending.queue().tokens.is_empty(), "no token is kept");
        let batch = pending.next_batch().unwrap();
        assert!(batch.is_all() && batch.tokens.is_empty());
        assert!(batch.last_number > in_progress.last_number);
        // The batch may not include this one.
        let after = pending.add(invalidation(1));
        assert!(pending.next_batch().unwrap().is_all(), "not sent yet");
        pending.confirm(&batch);
        assert!(first.is_stored() && last.is_stored() && later.iter().all(StoredSignal::is_stored));
        assert!(!after.is_stored() && pending.next_batch().unwrap().tokens.len() == 1);
    }

    #[test]
    fn an_invalidation_of_all_has_one_place_in_the_queue() {
        // R-E7, R-E10
        let pending = PendingInvalidations::new();
        let all: Vec<_> = (0..MAX_PENDING_TOKENS).map(|_| pending.add_all()).collect();
        let batch = pending.next_batch().unwrap();
        let later = pending.add_all();
        pending.confirm(&batch);
        assert!(all.iter().all(StoredSignal::is_stored) && !later.is_stored());
        pending.confirm(&pending.next_batch().unwrap());
        assert!(later.is_stored() && pending.next_batch().is_none());
    }
}
