//! What was forgotten here, and the other instances have yet to hear of.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::seal::Locator;
use crate::cache::Key;

/// Keeps what was forgotten until the store has it, however long that cannot be reached.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    tokens: Vec<(Forgotten, oneshot::Sender<()>)>,
    /// Who wants everything to be forgotten.
    everything: Vec<oneshot::Sender<()>>,
}

/// A token that was forgotten.
#[derive(Clone, Copy)]
pub(super) struct Forgotten {
    /// What the store calls it.
    pub(super) locator: Locator,
    /// What the instances call it.
    pub(super) key: Key,
}

/// What waits at some moment.
pub(super) struct Mail {
    pub(super) tokens: Vec<Forgotten>,
    everything: usize,
}

/// How many tokens wait at most: instead of more, everything is forgotten.
const LONGEST: usize = 10_000;

impl Outbox {
    /// The receiver hears when the store has it.
    pub(super) fn put(&self, forgotten: Forgotten) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        if waiting.tokens.len() < LONGEST {
            waiting.tokens.push((forgotten, sender));
        } else {
            waiting.everything.push(sender);
        }
        drop(waiting);
        self.wake.notify_one();
        receiver
    }

    pub(super) fn put_everything(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.waiting().everything.push(sender);
        self.wake.notify_one();
        receiver
    }

    /// Whether the store may still have what was forgotten of a token.
    pub(super) fn holds(&self, locator: &Locator) -> bool {
        let waiting = self.waiting();
        let mut tokens = waiting.tokens.iter();
        !waiting.everything.is_empty() || tokens.any(|(token, _)| token.locator == *locator)
    }

    /// Ends when something is put in.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// What there is to send; it stays until it is [sent](Self::sent).
    pub(super) fn mail(&self) -> Option<Mail> {
        let waiting = self.waiting();
        let tokens = waiting.tokens.iter().map(|(token, _)| *token).collect();
        let mail = Mail { tokens, everything: waiting.everything.len() };
        (!mail.tokens.is_empty() || mail.is_everything()).then_some(mail)
    }

    /// The store has it.
    pub(super) fn sent(&self, mail: &Mail) {
        let mut waiting = self.waiting();
        // What has come since is behind.
        let tokens = waiting.tokens.drain(..mail.tokens.len()).map(|(_, sender)| sender);
        let mut senders: Vec<_> = tokens.collect();
        senders.extend(waiting.everything.drain(..mail.everything));
        drop(waiting);
        for sender in senders {
            // Nobody may be listening.
            let _ = sender.send(());
        }
    }

    /// Never held across an `await`.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mail {
    pub(super) fn is_everything(&self) -> bool {
        self.everything > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forgotten(number: u8) -> Forgotten {
        Forgotten { locator: [number; 32], key: Key::from_bytes(&[number; 32]).unwrap() }
    }

    #[test]
    fn what_is_put_in_stays_until_it_is_sent() {
        // R-E10
        let outbox = Outbox::default();
        assert!(outbox.mail().is_none());
        let mut first = outbox.put(forgotten(1));
        let mail = outbox.mail().unwrap();
        let mut second = outbox.put(forgotten(2));
        assert!(outbox.holds(&[1; 32]) && outbox.holds(&[2; 32]) && !outbox.holds(&[3; 32]));
        assert!(first.try_recv().is_err());

        outbox.sent(&mail);
        assert!(first.try_recv().is_ok() && second.try_recv().is_err());
        assert!(!outbox.holds(&[1; 32]) && outbox.holds(&[2; 32]));
        assert_eq!(outbox.mail().unwrap().tokens.len(), 1);
    }

    #[test]
    fn too_much_becomes_everything() {
        // R-E10: nothing that was to be forgotten is left out.
        let outbox = Outbox::default();
        for _ in 0..LONGEST {
            drop(outbox.put(forgotten(1)));
        }
        assert!(!outbox.mail().unwrap().is_everything());
        let mut last = outbox.put(forgotten(2));
        let mail = outbox.mail().unwrap();
        assert!(mail.is_everything() && mail.tokens.len() == LONGEST);
        assert!(outbox.holds(&[9; 32]), "whatever it is");
        outbox.sent(&mail);
        assert!(last.try_recv().is_ok() && outbox.mail().is_none());
    }
}
