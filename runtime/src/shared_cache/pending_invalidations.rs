//! What was forgotten here, and the other instances have yet to hear of.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::encryption::Locator;
use crate::resolve::cache::Key;

/// Keeps what was forgotten until the store has it, however long that cannot be reached.
///
/// A token waits once, however often it is forgotten meanwhile.
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    wake: Notify,
    /// The number of the last item that the store has.
    stored: watch::Sender<u64>,
}

#[derive(Default)]
struct Waiting {
    /// In order of their numbers.
    tokens: VecDeque<(u64, Forgotten)>,
    /// The numbers of the same.
    numbers: HashMap<Locator, u64>,
    /// The number of the last item.
    last: u64,
    /// Whether everything is to be forgotten, as the item of this number.
    everything: Option<u64>,
    /// What is being sent; whatever comes meanwhile waits again.
    sending: Option<Mail>,
}

/// A token that was forgotten.
#[derive(Clone, Copy)]
pub(super) struct Forgotten {
    /// What the store calls it.
    pub(super) locator: Locator,
    /// What the instances call it.
    pub(super) key: Key,
}

/// What is sent at once.
#[derive(Clone)]
pub(super) struct Mail {
    /// None where everything is to be forgotten.
    pub(super) tokens: Vec<Forgotten>,
    everything: bool,
    /// The store has all items up to this number when it has this.
    up_to: u64,
}

/// Ends when the store has an item.
pub(crate) struct Stored {
    number: u64,
    stored: watch::Receiver<u64>,
}

/// How many tokens wait at most: instead of more, everything is forgotten.
const LONGEST: usize = 10_000;

/// How many tokens are sent at once. News are read in between.
const BATCH: usize = 500;

impl Outbox {
    pub(super) fn new() -> Self {
        Self { waiting: Mutex::default(), wake: Notify::new(), stored: watch::Sender::new(0) }
    }

    pub(super) fn put(&self, forgotten: Forgotten) -> Stored {
        let number = self.waiting().put(forgotten);
        self.wake.notify_one();
        Stored { number, stored: self.stored.subscribe() }
    }

    pub(super) fn put_everything(&self) -> Stored {
        let number = self.waiting().put_everything();
        self.wake.notify_one();
        Stored { number, stored: self.stored.subscribe() }
    }

    /// Whether the store may still have what was forgotten of a token.
    pub(super) fn holds(&self, locator: &Locator) -> bool {
        let waiting = self.waiting();
        let sending = waiting.sending.as_ref().is_some_and(|mail| {
            mail.everything || mail.tokens.iter().any(|token| token.locator == *locator)
        });
        sending || waiting.everything.is_some() || waiting.numbers.contains_key(locator)
    }

    /// Ends when something is put in.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_empty(&self) -> bool {
        let waiting = self.waiting();
        waiting.sending.is_none() && waiting.everything.is_none() && waiting.tokens.is_empty()
    }

    /// Whether a whole batch waits to be sent.
    pub(super) fn has_full_batch(&self) -> bool {
        self.waiting().tokens.len() >= BATCH
    }

    /// What to send next: the same until it is [sent](Self::sent), or everything is to be forgotten.
    pub(super) fn mail(&self) -> Option<Mail> {
        self.waiting().mail()
    }

    /// The store has it.
    pub(super) fn sent(&self, mail: &Mail) {
        self.waiting().sending = None;
        self.stored.send_replace(mail.up_to);
    }

    /// Never held across an `await`.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn put(&mut self, forgotten: Forgotten) -> u64 {
        // What is forgotten before everything is needs no item of its own.
        if let Some(number) = self.everything {
            return number;
        }
        if let Some(number) = self.numbers.get(&forgotten.locator) {
            return *number;
        }
        let sending = self.sending.as_ref().map_or(0, |mail| mail.tokens.len());
        if self.tokens.len() + sending >= LONGEST {
            return self.put_everything();
        }
        self.last += 1;
        self.tokens.push_back((self.last, forgotten));
        self.numbers.insert(forgotten.locator, self.last);
        self.last
    }

    fn put_everything(&mut self) -> u64 {
        if let Some(number) = self.everything {
            return number;
        }
        self.last += 1;
        self.everything = Some(self.last);
        (self.tokens, self.numbers) = Default::default();
        self.last
    }

    fn mail(&mut self) -> Option<Mail> {
        if let Some(up_to) = self.everything.take() {
            self.sending = Some(Mail { tokens: Vec::new(), everything: true, up_to });
        } else if self.sending.is_none() {
            let count = self.tokens.len().min(BATCH);
            let (up_to, _) = *self.tokens.get(count.checked_sub(1)?)?;
            let tokens: Vec<_> = self.tokens.drain(..count).map(|(_, token)| token).collect();
            for token in &tokens {
                self.numbers.remove(&token.locator);
            }
            self.sending = Some(Mail { tokens, everything: false, up_to });
        }
        self.sending.clone()
    }
}

impl Mail {
    pub(super) fn is_everything(&self) -> bool {
        self.everything
    }
}

impl Stored {
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

    fn forgotten(number: usize) -> Forgotten {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Forgotten { locator: bytes, key: Key::from_bytes(&[7; 32]).unwrap() }
    }

    fn locator(number: usize) -> Locator {
        forgotten(number).locator
    }

    #[test]
    fn what_is_put_in_stays_until_it_is_sent() {
        // R-E10
        let outbox = Outbox::new();
        assert!(outbox.mail().is_none() && outbox.is_empty());
        let first = outbox.put(forgotten(1));
        let mail = outbox.mail().unwrap();
        let second = outbox.put(forgotten(2));
        assert!(outbox.holds(&locator(1)) && outbox.holds(&locator(2)));
        assert!(!outbox.holds(&locator(3)) && !first.is_stored());
        let again = outbox.mail().unwrap();
        assert_eq!((again.tokens.len(), again.tokens[0].locator), (1, locator(1)), "not sent yet");

        outbox.sent(&mail);
        assert!(first.is_stored() && !second.is_stored() && !outbox.is_empty());
        assert!(!outbox.holds(&locator(1)) && outbox.holds(&locator(2)));
        let mail = outbox.mail().unwrap();
        assert_eq!((mail.tokens.len(), mail.tokens[0].locator), (1, locator(2)));
        outbox.sent(&mail);
        assert!(second.is_stored() && outbox.is_empty());
    }

    #[test]
    fn a_token_that_is_forgotten_often_waits_once() {
        // R-E10: in an outage, too, and every waiter is notified.
        let outbox = Outbox::new();
        let all: Vec<_> = (0..2 * LONGEST).map(|_| outbox.put(forgotten(1))).collect();
        let mail = outbox.mail().unwrap();
        assert!(!mail.is_everything());
        assert_eq!(mail.tokens.len(), 1);
        // From here on it may have been resolved again: it has to be sent again, once.
        let later: Vec<_> = (0..2 * LONGEST).map(|_| outbox.put(forgotten(1))).collect();
        outbox.sent(&mail);
        assert!(all.iter().all(Stored::is_stored) && !later.iter().any(Stored::is_stored));
        let mail = outbox.mail().unwrap();
        assert_eq!((mail.is_everything(), mail.tokens.len()), (false, 1));
        outbox.sent(&mail);
        assert!(later.iter().all(Stored::is_stored) && outbox.mail().is_none());
    }

    #[test]
    fn many_are_sent_in_batches_and_in_order() {
        // R-E10
        let outbox = Outbox::new();
        let all: Vec<_> = (0..LONGEST).map(|number| outbox.put(forgotten(number))).collect();
        let mut next = 0;
        while let Some(mail) = outbox.mail() {
            assert!(!mail.is_everything() && mail.tokens.len() == BATCH);
            for token in &mail.tokens {
                assert_eq!(token.locator, locator(next));
                next += 1;
            }
            outbox.sent(&mail);
            assert!(all[next - 1].is_stored() && all.get(next).is_none_or(|it| !it.is_stored()));
        }
        assert_eq!(next, LONGEST);
    }

    #[test]
    fn too_much_becomes_everything() {
        // R-E10: nothing that was to be forgotten is left out, and no more is kept.
        let outbox = Outbox::new();
        let first = outbox.put(forgotten(0));
        let sending = outbox.mail().unwrap();
        for number in 1..LONGEST {
            drop(outbox.put(forgotten(number)));
        }
        assert!(!outbox.mail().unwrap().is_everything());
        let last = outbox.put(forgotten(LONGEST));
        let later: Vec<_> = (0..LONGEST).map(|number| outbox.put(forgotten(number))).collect();
        assert!(outbox.holds(&locator(3 * LONGEST)), "whatever it is");
        assert!(outbox.waiting().tokens.is_empty(), "and nothing is kept one by one");
        let mail = outbox.mail().unwrap();
        assert!(mail.is_everything() && mail.tokens.is_empty());
        assert!(mail.up_to > sending.up_to);
        // It may be too late for this one.
        let after = outbox.put(forgotten(1));
        assert!(outbox.mail().unwrap().is_everything(), "not sent yet");
        outbox.sent(&mail);
        assert!(first.is_stored() && last.is_stored() && later.iter().all(Stored::is_stored));
        assert!(!after.is_stored() && outbox.mail().unwrap().tokens.len() == 1);
    }

    #[test]
    fn everything_is_forgotten_once_however_often() {
        // R-E7, R-E10
        let outbox = Outbox::new();
        let all: Vec<_> = (0..LONGEST).map(|_| outbox.put_everything()).collect();
        let mail = outbox.mail().unwrap();
        let later = outbox.put_everything();
        outbox.sent(&mail);
        assert!(all.iter().all(Stored::is_stored) && !later.is_stored());
        outbox.sent(&outbox.mail().unwrap());
        assert!(later.is_stored() && outbox.mail().is_none());
    }
}
