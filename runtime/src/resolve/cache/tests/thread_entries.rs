//! The entries that threads keep for themselves: they hold no longer than those of the store.

use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::ErrorResponse;

/// More often than an entry must be used until the thread keeps it.
const WARM: usize = 4;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Uses a token until this thread keeps its entry, and returns the answer.
async fn warm(cached: &Cached<Arc<Script>>, text: &str) -> String {
    let first = subject(cached, text).await;
    for _ in 0..WARM {
        assert_eq!(subject(cached, text).await, first);
    }
    first
}

#[tokio::test]
async fn an_entry_of_a_thread_expires_as_that_of_the_store() {
    // R-E3
    for clock in ManualClock::with_each_coarse_error(start()) {
        let script = Script::open();
        let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build().unwrap();
        for (name, seconds) in [("a", 60), ("short", 10)] {
            let first = warm(&cached, name).await;
            clock.advance(Duration::from_secs(seconds - 1));
            assert_eq!(subject(&cached, name).await, first);
            clock.advance(Duration::from_secs(1));
            if name == "a" {
                assert_ne!(subject(&cached, name).await, first, "after the `ttl`");
                clock.set(start());
            }
        }
        assert_eq!(
            script.resolutions(),
            3,
            "the short one has expired, and was not resolved again"
        );
        subject(&cached, "short").await;
        assert_eq!(script.resolutions(), 4, "after `exp`");
    }
}

#[test]
fn an_invalidation_holds_on_every_thread() {
    // R-E7
    let script = Script::open();
    let cached = Cached::new(Arc::clone(&script));
    for invalidate in [|cached: &Cached<_>| cached.invalidate(&token("a")), Cached::invalidate_all]
    {
        let before = runtime().block_on(warm(&cached, "a"));
        let threads = 4;
        let (kept, invalidated) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
        let (sender, answers) = channel();
        thread::scope(|scope| {
            for _ in 0..threads {
                let (cached, sender) = (&cached, sender.clone());
                let (kept, invalidated) = (&kept, &invalidated);
                scope.spawn(move || {
                    let runtime = runtime();
                    let early = runtime.block_on(warm(cached, "a"));
                    kept.wait();
                    invalidated.wait();
                    sender.send((early, runtime.block_on(subject(cached, "a")))).unwrap();
                });
            }
            kept.wait();
            invalidate(&cached);
            invalidated.wait();
        });
        drop(sender);
        let answers: Vec<(String, String)> = answers.iter().collect();
        assert_eq!(answers.len(), threads);
        for (early, late) in answers {
            assert!(early == before && late != before, "{before}, {early} and {late}");
        }
    }
    assert_eq!(script.resolutions(), 3, "once at first, and once after each invalidation");
}

#[test]
fn no_request_after_an_invalidation_gets_the_earlier_claims() {
    // R-E7: a stress test; `tests/model` checks all interleavings.
    const INVALIDATIONS: usize = 500;
    let script = Script::open();
    let cached = Cached::new(Arc::clone(&script));
    // What each request that begins now must get, or a later answer.
    let earliest = AtomicUsize::new(0);
    let number = |answer: &str| answer.trim_start_matches("answer ").parse::<usize>().unwrap();
    thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (cached, earliest) = (&cached, &earliest);
                scope.spawn(move || {
                    let runtime = runtime();
                    let mut hits = 0_usize;
                    loop {
                        let expected = earliest.load(Ordering::Acquire);
                        if expected == usize::MAX {
                            return hits;
                        }
                        let token = token("a");
                        let claims = match cached.cached(&token) {
                            Some(claims) => {
                                hits += 1;
                                claims
                            }
                            None => runtime.block_on(cached.resolve(&token)),
                        };
                        let found = number(claims.unwrap().subject().unwrap());
                        assert!(found >= expected, "{found}, and not {expected} or later");
                    }
                })
            })
            .collect();
        let runtime = runtime();
        for _ in 0..INVALIDATIONS {
            let mut current = 0;
            for _ in 0..WARM {
                current = number(&runtime.block_on(subject(&cached, "a")));
            }
            cached.invalidate(&token("a"));
            earliest.store(current + 1, Ordering::Release);
            thread::yield_now();
        }
        earliest.store(usize::MAX, Ordering::Release);
        let hits: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert!(hits > INVALIDATIONS, "the threads have used their entries {hits} times");
    });
}

#[tokio::test]
async fn a_thread_keeps_no_entry_that_was_replaced_or_rejected() {
    // R-E7
    let script = Script::open();
    let cached = Cached::new(Arc::clone(&script));
    let key = cached.0.key_hasher.key(&token("a"));
    let store = &cached.0.store;
    for outcome in [
        Claims::from_introspection(br#"{"active":true,"sub":"another"}"#),
        Err(ResolveError::InvalidToken(TokenError::Inactive)),
        Err(ResolveError::InvalidToken(TokenError::Rejected(ErrorResponse::new(400)))),
    ] {
        let kept = warm(&cached, "a").await;
        let _ = store.apply(key, outcome.clone(), Duration::ZERO);
        let found = store.look_up(&key).and_then(|found| found.ok()?.subject().map(str::to_owned));
        assert_ne!(found, Some(kept), "{outcome:?}");
        cached.invalidate(&token("a"));
    }
}

#[tokio::test]
async fn an_entry_that_a_thread_uses_often_is_not_evicted_from_the_store() {
    // R-E5
    let script = Script::open();
    let cached = Cached::builder(Arc::clone(&script)).max_entries(100).build().unwrap();
    let first = warm(&cached, "often").await;
    for other in 0..1000 {
        subject(&cached, &format!("other{other}")).await;
        for _ in 0..70 {
            assert_eq!(subject(&cached, "often").await, first);
        }
    }
}

#[tokio::test]
async fn a_thread_keeps_no_entry_that_the_store_has_evicted() {
    // R-E5
    let script = Script::open();
    let cached = Cached::builder(Arc::clone(&script)).max_entries(10).build().unwrap();
    warm(&cached, "a").await;
    let key = |text: &str| cached.0.key_hasher.key(&token(text));
    // An entry in the same place or with the same version would have the same effect.
    let place = |text: &str| key(text).number() % 64;
    let others = (0..200).map(|other| format!("other{other}"));
    for other in others.filter(|other| place(other) != place("a")) {
        warm(&cached, &other).await;
    }
    let before = script.resolutions();
    subject(&cached, "a").await;
    assert_eq!(script.resolutions(), before + 1);
}
