//! A cache with a second level that the test controls.

use super::*;
use crate::second_level::{Acknowledgement, FirstLevel, ResolvedClaims, SecondLevel};

#[derive(Clone, Default)]
struct InProcess(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    entry: Option<ResolvedClaims>,
    /// The time to live of the last entry.
    ttl: Option<Duration>,
    first_level: Option<FirstLevel>,
    unreachable: bool,
}

impl SecondLevel for InProcess {
    async fn look_up(&self, _: &AccessToken, _: CacheKey) -> Option<ResolvedClaims> {
        self.0.lock().unwrap().entry.clone()
    }

    async fn store(&self, _: &AccessToken, _: CacheKey, claims: ResolvedClaims, ttl: Duration) {
        let mut state = self.0.lock().unwrap();
        (state.entry, state.ttl) = (Some(claims), Some(ttl));
    }

    fn invalidate(&self, _: &AccessToken, _: CacheKey) -> Acknowledgement {
        self.invalidate_all()
    }

    fn invalidate_all(&self) -> Acknowledgement {
        let mut state = self.0.lock().unwrap();
        state.entry = None;
        if state.unreachable {
            return Acknowledgement::when(std::future::pending());
        }
        Acknowledgement::when(std::future::ready(()))
    }
}

#[test]
fn a_second_level_that_would_not_be_used_is_an_error() {
    // R-C13
    let cached = Cached::builder(Script::open()).ttl(Duration::ZERO);
    let error = cached.second_level(|_| InProcess::default()).build().err().unwrap().to_string();
    assert!(error.contains("`second_level`") && error.contains("`ttl`"), "{error}");
}

struct Setup {
    script: Arc<Script>,
    clock: ManualClock,
    level: InProcess,
    cached: Cached<Arc<Script>>,
}

impl Setup {
    fn new() -> Self {
        let (script, clock, level) = (Script::open(), manual_clock(), InProcess::default());
        let opened = level.clone();
        let cached = Cached::builder(Arc::clone(&script))
            .clock(clock.clone())
            .second_level(move |first_level| {
                opened.0.lock().unwrap().first_level = Some(first_level);
                opened
            })
            .build()
            .unwrap();
        Self { script, clock, level, cached }
    }

    fn first_level(&self) -> FirstLevel {
        self.level.0.lock().unwrap().first_level.clone().unwrap()
    }

    async fn wait_for_entry(&self) -> ResolvedClaims {
        loop {
            if let Some(entry) = &self.level.0.lock().unwrap().entry {
                return entry.clone();
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn claims_are_stored_in_the_second_level_and_found_there() {
    // R-E9
    let setup = Setup::new();
    assert_eq!(subject(&setup.cached, "short").await, "answer 1");
    let stored = setup.wait_for_entry().await;
    assert_eq!(stored.resolved_at, setup.clock.now());
    assert_eq!(setup.level.0.lock().unwrap().ttl, Some(Duration::from_secs(10)), "its `exp`");
    setup.first_level().invalidate_all();
    assert_eq!(subject(&setup.cached, "short").await, "answer 1");
    assert_eq!(setup.script.resolutions(), 1);
}

#[tokio::test]
async fn a_second_level_cannot_extend_the_life_of_claims() {
    // R-E3, R-E9, R-L3
    let setup = Setup::new();
    assert_eq!(subject(&setup.cached, "a").await, "answer 1");
    let first = setup.wait_for_entry().await;
    setup.clock.advance(Duration::from_secs(59));
    setup.first_level().invalidate_all();
    assert_eq!(subject(&setup.cached, "a").await, "answer 1");
    setup.clock.advance(Duration::from_secs(1));
    assert_eq!(subject(&setup.cached, "a").await, "answer 2", "60 s after the resolution");

    let ahead = setup.clock.now() + Duration::from_secs(2);
    setup.level.0.lock().unwrap().entry = Some(ResolvedClaims { resolved_at: ahead, ..first });
    setup.first_level().invalidate_all();
    assert_eq!(subject(&setup.cached, "a").await, "answer 3", "from the future");
}

#[tokio::test]
async fn only_claims_that_hold_are_stored_in_the_second_level() {
    // R-E4, R-E9
    let setup = Setup::new();
    for name in ["inactive", "outage"] {
        setup.cached.resolve(&token(name)).await.unwrap_err();
    }
    setup.cached.resolve(&token("expired")).await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(setup.level.0.lock().unwrap().entry.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_is_not_acknowledged_is_an_error_after_a_second() {
    // R-E10
    let setup = Setup::new();
    subject(&setup.cached, "a").await;
    setup.wait_for_entry().await;
    assert_eq!(setup.cached.invalidate_everywhere(&token("a")).await, Ok(()));
    assert_eq!(subject(&setup.cached, "a").await, "answer 2");
    setup.level.0.lock().unwrap().unreachable = true;
    let begun = tokio::time::Instant::now();
    assert!(setup.cached.invalidate_all_everywhere().await.is_err());
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    assert_eq!(subject(&setup.cached, "a").await, "answer 3", "invalidated here all the same");
}

#[tokio::test]
async fn the_first_level_is_closed_when_the_cache_is_dropped() {
    // R-E9
    let setup = Setup::new();
    let first_level = setup.first_level();
    assert!(!first_level.is_closed());
    assert_eq!((first_level.namespace(), first_level.ttl()), ("script", Duration::from_secs(60)));
    drop(setup.cached);
    assert!(first_level.is_closed());
}
