//! Concurrent requests with one token that is not cached.

use std::sync::Arc;

use loom::future::block_on;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use crate::UnavailableError;
use crate::local_key::LocalKey;
use crate::single_flight::{Role, SingleFlight};

const KEY: LocalKey = LocalKey(1);

type Outcome = Result<usize, UnavailableError>;

/// A cache of one token. What the authorization server answers is a number.
#[derive(Default)]
struct Cache {
    single_flight: Arc<SingleFlight<usize, UnavailableError>>,
    entry: Arc<Mutex<Option<usize>>>,
    answer: AtomicUsize,
    requests: AtomicUsize,
}

impl Cache {
    /// A request, whose thread also runs the task of the resolution that it starts.
    fn resolve(&self) -> Outcome {
        let look_up = || self.entry.lock().unwrap().map(Ok);
        match SingleFlight::join(&self.single_flight, KEY, look_up) {
            Role::Hit(outcome) => outcome,
            Role::Follower(waiter) => block_on(waiter.outcome()),
            Role::Leader(leader, waiter) => {
                self.requests.fetch_add(1, Ordering::AcqRel);
                let answer = self.answer.load(Ordering::Acquire);
                leader.complete(Ok(answer), |outcome| {
                    *self.entry.lock().unwrap() = outcome.clone().ok();
                    outcome
                });
                block_on(waiter.outcome())
            }
        }
    }

    fn forget(&self) {
        self.single_flight.detach(&KEY, || *self.entry.lock().unwrap() = None);
    }
}

/// Two requests at the same time cause one request to the authorization server, and both get its answer.
pub fn check_one_request() {
    loom::model(|| {
        let cache = Arc::new(Cache::default());
        let other = thread::spawn({
            let cache = Arc::clone(&cache);
            move || cache.resolve()
        });
        assert_eq!(cache.resolve(), Ok(0));
        assert_eq!(other.join().unwrap(), Ok(0));
        assert_eq!(cache.requests.load(Ordering::Acquire), 1);
    });
}

/// A resolution that panics leaves no request without an answer.
pub fn check_aborted_resolution() {
    loom::model(|| {
        let cache = Arc::new(Cache::default());
        let look_up = || None;
        let Role::Leader(leader, waiter) = SingleFlight::join(&cache.single_flight, KEY, look_up)
        else {
            unreachable!("nothing is in progress")
        };
        let follower = thread::spawn({
            let cache = Arc::clone(&cache);
            move || cache.resolve()
        });
        drop(leader);
        assert_eq!(block_on(waiter.outcome()), Err(UnavailableError));
        // It waited for the aborted resolution, or has started its own.
        let of_other = follower.join().unwrap();
        assert!(matches!(of_other, Err(UnavailableError) | Ok(0)), "{of_other:?}");
        assert_eq!(cache.resolve(), Ok(0));
    });
}

/// A request that begins after the token was forgotten gets no answer from before.
pub fn check_forgetting() {
    loom::model(|| {
        let cache = Arc::new(Cache::default());
        let forgotten = Arc::new(AtomicBool::new(false));
        let early = thread::spawn({
            let (cache, forgotten) = (Arc::clone(&cache), Arc::clone(&forgotten));
            move || {
                let begins_after = forgotten.load(Ordering::Acquire);
                let found = cache.resolve();
                assert!(!begins_after || found == Ok(1), "{found:?} after it was forgotten");
            }
        });
        cache.answer.store(1, Ordering::Release);
        cache.forget();
        forgotten.store(true, Ordering::Release);
        assert_eq!(cache.resolve(), Ok(1));
        early.join().unwrap();
        assert_eq!(cache.resolve(), Ok(1), "the earlier answer is not stored after that");
    });
}
