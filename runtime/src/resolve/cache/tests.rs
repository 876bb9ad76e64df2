mod stale;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Semaphore;

use super::*;
use crate::{Clock, Unavailable};

/// Hands moved by the test.
#[derive(Debug)]
struct Hands {
    wall: SystemTime,
    monotonic: Instant,
    /// Where the coarse clocks are, less and more than the precise ones.
    behind: Duration,
    ahead: Duration,
}

#[derive(Debug, Clone)]
struct ManualClock(Arc<Mutex<Hands>>);

impl ManualClock {
    fn new() -> Self {
        Self::with_coarse(0, 0)
    }

    fn with_coarse(behind: u64, ahead: u64) -> Self {
        Self(Arc::new(Mutex::new(Hands {
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
            monotonic: Instant::now(),
            behind: Duration::from_secs(behind),
            ahead: Duration::from_secs(ahead),
        })))
    }

    /// Clocks whose coarse times are right, and as far from that as they may be.
    fn all() -> [Self; 3] {
        [Self::new(), Self::with_coarse(1, 0), Self::with_coarse(0, 1)]
    }

    fn pass(&self, seconds: u64) {
        let mut hands = self.0.lock().unwrap();
        hands.wall += Duration::from_secs(seconds);
        hands.monotonic += Duration::from_secs(seconds);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.0.lock().unwrap().wall
    }

    fn instant(&self) -> Instant {
        self.0.lock().unwrap().monotonic
    }

    fn coarse_instant(&self) -> Instant {
        let hands = self.0.lock().unwrap();
        (hands.monotonic + hands.ahead).checked_sub(hands.behind).unwrap()
    }
}

/// Answers by the token's name, when it is let.
struct Script {
    asked: AtomicUsize,
    /// One permit lets one exchange go on.
    gate: Semaphore,
}

impl Script {
    fn open() -> Arc<Self> {
        Self::with_permits(Semaphore::MAX_PERMITS)
    }

    fn closed() -> Arc<Self> {
        Self::with_permits(0)
    }

    fn with_permits(permits: usize) -> Arc<Self> {
        Arc::new(Self { asked: AtomicUsize::new(0), gate: Semaphore::new(permits) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolver for Script {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let count = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.gate.acquire().await.unwrap().forget();
        let claims = |more: &str| {
            let json = format!(r#"{{"active":true,"sub":"answer {count}"{more}}}"#);
            Claims::from_introspection(json.as_bytes())
        };
        match token.expose().split('.').next().unwrap() {
            "inactive" => Err(ResolveError::Inactive),
            "outage" => Err(Unavailable::new("out").into()),
            "panic" => panic!("a resolver that breaks"),
            "short" => claims(r#","exp":1000010"#),
            "expired" => claims(r#","exp":1000000"#),
            "big" => claims(&format!(r#","x":"{}""#, "x".repeat(10_000))),
            _ => claims(""),
        }
    }

    fn cache_namespace(&self) -> String {
        "script".to_owned()
    }
}

fn token(text: &str) -> AccessToken {
    AccessToken::parse(text).unwrap()
}

async fn subject(cached: &Cached<Arc<Script>>, text: &str) -> String {
    cached.resolve(&token(text)).await.unwrap().subject().unwrap().to_owned()
}

#[tokio::test]
async fn claims_are_remembered_for_their_lifetime_and_no_longer() {
    // R-E3
    for clock in ManualClock::all() {
        let script = Script::open();
        let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build();
        assert_eq!(subject(&cached, "a").await, "answer 1");
        clock.pass(59);
        assert_eq!(subject(&cached, "a").await, "answer 1");
        clock.pass(1);
        assert_eq!(subject(&cached, "a").await, "answer 2", "60 s by default");

        assert_eq!(subject(&cached, "short").await, "answer 3");
        clock.pass(0);
        assert_eq!(subject(&cached, "expired").await, "answer 4");
        assert_eq!(subject(&cached, "expired").await, "answer 5", "no lifetime is left");
    }
}

#[tokio::test]
async fn no_token_is_remembered_beyond_its_own_end() {
    // R-E3
    for clock in ManualClock::all() {
        let script = Script::open();
        let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build();
        assert_eq!(subject(&cached, "short").await, "answer 1");
        clock.pass(9);
        assert_eq!(subject(&cached, "short").await, "answer 1");
        clock.pass(1);
        assert_eq!(subject(&cached, "short").await, "answer 2");
    }
}

#[tokio::test]
async fn a_jump_of_the_wall_clock_makes_no_lifetime_longer() {
    // R-L3, R-E3
    let (script, clock) = (Script::open(), ManualClock::new());
    let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build();
    assert_eq!(subject(&cached, "a").await, "answer 1");
    clock.0.lock().unwrap().wall -= Duration::from_secs(3600);
    clock.pass(60);
    assert_eq!(subject(&cached, "a").await, "answer 2");
}

#[tokio::test]
async fn inactive_tokens_are_remembered_shortly_and_outages_never() {
    // R-E4
    for clock in ManualClock::all() {
        let script = Script::open();
        let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build();
        let inactive = || async {
            let refused = cached.resolve(&token("inactive")).await.unwrap_err();
            assert!(matches!(refused, ResolveError::Inactive), "{refused:?}");
            script.asked()
        };
        assert_eq!(inactive().await, 1);
        clock.pass(4);
        assert_eq!(inactive().await, 1);
        clock.pass(1);
        assert_eq!(inactive().await, 2);
        for count in 3..6 {
            let refused = cached.resolve(&token("outage")).await.unwrap_err();
            assert!(matches!(refused, ResolveError::Unavailable(_)), "{refused:?}");
            assert_eq!(script.asked(), count);
        }
    }
}

#[tokio::test]
async fn garbage_cannot_push_good_entries_out() {
    // R-E4, R-E5, R-L1
    let script = Script::open();
    let cached =
        Cached::builder(Arc::clone(&script)).max_inactive_entries(100).max_entries(1000).build();
    for number in 0..500 {
        subject(&cached, &format!("good.{number}")).await;
    }
    for number in 0..10_000 {
        cached.resolve(&token(&format!("inactive.{number}"))).await.unwrap_err();
    }
    assert!(cached.0.store.sizes().1 <= 100);
    let asked = script.asked();
    for number in 0..500 {
        subject(&cached, &format!("good.{number}")).await;
    }
    assert_eq!(script.asked(), asked, "no good entry was lost");
}

#[tokio::test]
async fn entries_are_bounded_in_number_and_in_bytes() {
    // R-E5
    let script = Script::open();
    let cached = Cached::builder(Arc::clone(&script)).max_entries(200).build();
    for number in 0..1000 {
        subject(&cached, &format!("good.{number}")).await;
    }
    let kept = cached.0.store.sizes().0;
    assert!((100..=200).contains(&kept), "eviction never clears everything: {kept}");

    let cached = Cached::builder(script).max_bytes(1 << 20).build();
    for number in 0..1000 {
        subject(&cached, &format!("big.{number}")).await;
    }
    let kept = cached.0.store.sizes().0;
    assert!((30..=105).contains(&kept), "10 kB each: {kept}");
}

#[tokio::test]
async fn all_who_ask_at_once_share_one_exchange() {
    // R-E6. On one thread every caller gets its turn before the exchange that the first one begins.
    for name in ["a", "inactive", "outage"] {
        let script = Script::closed();
        let cached = Cached::new(Arc::clone(&script));
        let callers: Vec<_> = (0..10_000)
            .map(|_| {
                let cached = cached.clone();
                tokio::spawn(async move { cached.resolve(&token(name)).await })
            })
            .collect();
        while script.asked() == 0 {
            tokio::task::yield_now().await;
        }
        script.gate.add_permits(1);
        for caller in callers {
            assert_eq!(caller.await.unwrap().is_ok(), name == "a");
        }
        assert_eq!(script.asked(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_strands_nobody() {
    // R-E6
    let script = Script::closed();
    let cached = Cached::new(Arc::clone(&script));
    let first = tokio::spawn({
        let cached = cached.clone();
        async move { cached.resolve(&token("a")).await }
    });
    while script.asked() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = tokio::spawn({
        let cached = cached.clone();
        async move { cached.resolve(&token("a")).await }
    });
    script.gate.add_permits(1);
    assert_eq!(second.await.unwrap().unwrap().subject(), Some("answer 1"));
    assert_eq!(script.asked(), 1);
}

#[tokio::test]
async fn a_resolver_that_panics_strands_nobody() {
    // R-E6
    let script = Script::closed();
    let cached = Cached::new(Arc::clone(&script));
    let callers: Vec<_> = (0..10)
        .map(|_| {
            let cached = cached.clone();
            tokio::spawn(async move { cached.resolve(&token("panic")).await })
        })
        .collect();
    while script.asked() == 0 {
        tokio::task::yield_now().await;
    }
    script.gate.add_permits(1);
    for caller in callers {
        let refused = caller.await.unwrap().unwrap_err();
        assert!(matches!(refused, ResolveError::Unavailable(_)), "{refused:?}");
    }
    script.gate.add_permits(1);
    assert!(cached.resolve(&token("panic")).await.is_err());
    assert_eq!(script.asked(), 2, "the next one asks anew");
}

#[tokio::test]
async fn a_token_that_is_forgotten_is_asked_for_anew() {
    // R-E7
    let script = Script::open();
    let cached = Cached::new(Arc::clone(&script));
    for name in ["a", "b"] {
        subject(&cached, name).await;
    }
    cached.invalidate(&token("a"));
    assert_eq!(subject(&cached, "a").await, "answer 3");
    assert_eq!(subject(&cached, "b").await, "answer 2");
    cached.invalidate_all();
    assert_eq!(subject(&cached, "b").await, "answer 4");
    cached.resolve(&token("inactive")).await.unwrap_err();
    cached.invalidate(&token("inactive"));
    cached.resolve(&token("inactive")).await.unwrap_err();
    assert_eq!(script.asked(), 6);
}

#[tokio::test]
async fn what_was_asked_before_a_token_is_forgotten_is_not_remembered() {
    // R-E7
    for invalidate in [|cached: &Cached<_>| cached.invalidate(&token("a")), Cached::invalidate_all]
    {
        let script = Script::closed();
        let cached = Cached::new(Arc::clone(&script));
        let early = tokio::spawn({
            let cached = cached.clone();
            async move { subject(&cached, "a").await }
        });
        while script.asked() == 0 {
            tokio::task::yield_now().await;
        }
        invalidate(&cached);
        script.gate.add_permits(2);
        assert_eq!(subject(&cached, "a").await, "answer 2", "asked anew, not joined");
        assert_eq!(early.await.unwrap(), "answer 1");
        script.gate.add_permits(1);
        assert_eq!(subject(&cached, "a").await, "answer 2", "and that is remembered");
    }
}

#[tokio::test]
async fn what_a_caller_does_with_its_copy_changes_nothing() {
    // R-E8
    let cached = Cached::new(Script::open());
    let claims = cached.resolve(&token("a")).await.unwrap();
    let before = claims.as_json().to_owned();
    let mut copy: serde_json::Value = serde_json::from_str(claims.as_json()).unwrap();
    copy["sub"] = "somebody else".into();
    drop((claims, copy));
    assert_eq!(cached.resolve(&token("a")).await.unwrap().as_json(), before);
}

#[tokio::test]
async fn lifetimes_of_zero_remember_nothing() {
    // R-E7
    let script = Script::open();
    let cached = Cached::builder(Arc::clone(&script))
        .ttl(Duration::ZERO)
        .inactive_ttl(Duration::ZERO)
        .build();
    for _ in 0..2 {
        subject(&cached, "a").await;
        cached.resolve(&token("inactive")).await.unwrap_err();
    }
    assert_eq!(script.asked(), 4);
}

#[test]
fn debug_and_names_hold_no_secret() {
    // R-E2
    let client = crate::Introspection::builder("https://auth.example/introspect")
        .client_secret_basic("journal", "canary")
        .build()
        .unwrap();
    let cached = Cached::new(client);
    let name = cached.cache_namespace();
    assert!(name.starts_with(r#"https://auth.example/introspect client "journal" "#), "{name}");
    assert!(name.ends_with(r#" ["scope"]"#) && !name.contains("canary"), "{name}");
    let named = crate::Introspection::builder("https://auth.example/introspect")
        .bearer_token("canary")
        .client_identity("journal \"")
        .build();
    let expected = r#"https://auth.example/introspect named "journal \"" ["scope"]"#;
    assert_eq!(named.unwrap().cache_namespace(), expected);
    assert!(!format!("{cached:?}").contains("canary"));
}

#[tokio::test]
async fn a_server_has_every_level_forget() {
    // R-E7
    let script = Script::open();
    let cached = Cached::new(Cached::new(Arc::clone(&script)));
    let server = crate::ResourceServer::builder("https://api.example")
        .authorization_server("https://auth.example")
        .resolver(Arc::new(cached))
        .audience_check(crate::AudienceCheck::Unchecked)
        .build()
        .unwrap();
    let subject = async || {
        let request = http::Request::get("/").header("authorization", "Bearer a");
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        let caller = server.authorize(&mut head, crate::Condition::NONE).await.unwrap();
        caller.subject().unwrap().to_owned()
    };
    assert_eq!(subject().await, "answer 1");
    server.invalidate(&token("b"));
    assert_eq!(subject().await, "answer 1", "another token");
    server.invalidate(&token("a"));
    assert_eq!(subject().await, "answer 2");
}
