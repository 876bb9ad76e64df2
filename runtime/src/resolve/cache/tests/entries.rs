//! How long entries live, and how many there are.

use super::*;
use crate::{SetupError, TokenError};

#[tokio::test]
async fn claims_are_cached_for_the_ttl() {
    // R-E3
    for clock in ManualClock::with_each_coarse_error(start()) {
        let script = Script::open();
        let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build().unwrap();
        assert_eq!(subject(&cached, "a").await, "answer 1");
        clock.advance(Duration::from_secs(59));
        assert_eq!(subject(&cached, "a").await, "answer 1");
        clock.advance(Duration::from_secs(1));
        assert_eq!(subject(&cached, "a").await, "answer 2", "60 s by default");

        assert_eq!(subject(&cached, "short").await, "answer 3");
        clock.advance(Duration::from_secs(0));
        assert_eq!(subject(&cached, "expired").await, "answer 4");
        assert_eq!(subject(&cached, "expired").await, "answer 5", "no time to live is left");
    }
}

#[tokio::test]
async fn an_entry_expires_with_its_token() {
    // R-E3
    for clock in ManualClock::with_each_coarse_error(start()) {
        let script = Script::open();
        let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build().unwrap();
        assert_eq!(subject(&cached, "short").await, "answer 1");
        clock.advance(Duration::from_secs(9));
        assert_eq!(subject(&cached, "short").await, "answer 1");
        clock.advance(Duration::from_secs(1));
        assert_eq!(subject(&cached, "short").await, "answer 2");
    }
}

#[tokio::test]
async fn a_jump_of_the_wall_clock_extends_no_entry() {
    // R-L3, R-E3
    let (script, clock) = (Script::open(), manual_clock());
    let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build().unwrap();
    assert_eq!(subject(&cached, "a").await, "answer 1");
    clock.set(clock.now() - Duration::from_secs(3600));
    clock.advance(Duration::from_secs(60));
    assert_eq!(subject(&cached, "a").await, "answer 2");
}

#[tokio::test]
async fn inactive_tokens_are_cached_for_the_inactive_ttl_and_failures_never() {
    // R-E4
    for clock in ManualClock::with_each_coarse_error(start()) {
        let script = Script::open();
        let cached = Cached::builder(Arc::clone(&script)).clock(clock.clone()).build().unwrap();
        let inactive = || async {
            let error = cached.resolve(&token("inactive")).await.unwrap_err();
            assert!(matches!(error, ResolveError::InvalidToken(TokenError::Inactive)), "{error:?}");
            script.resolutions()
        };
        assert_eq!(inactive().await, 1);
        clock.advance(Duration::from_secs(4));
        assert_eq!(inactive().await, 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(inactive().await, 2);
        for count in 3..6 {
            let error = cached.resolve(&token("outage")).await.unwrap_err();
            assert!(matches!(error, ResolveError::Unavailable(_)), "{error:?}");
            assert_eq!(script.resolutions(), count);
        }
    }
}

#[tokio::test]
async fn inactive_tokens_evict_no_active_entries() {
    // R-E4, R-E5, R-L1
    let script = Script::open();
    let cached = Cached::builder(Arc::clone(&script))
        .max_inactive_entries(100)
        .max_entries(1000)
        .build()
        .unwrap();
    for number in 0..500 {
        subject(&cached, &format!("good.{number}")).await;
    }
    for number in 0..10_000 {
        cached.resolve(&token(&format!("inactive.{number}"))).await.unwrap_err();
    }
    assert!(cached.0.store.sizes().1 <= 100);
    let resolutions = script.resolutions();
    for number in 0..500 {
        subject(&cached, &format!("good.{number}")).await;
    }
    assert_eq!(script.resolutions(), resolutions, "no active entry was evicted");
}

#[tokio::test]
async fn entries_are_limited_in_number_and_in_bytes() {
    // R-E5
    let script = Script::open();
    let cached = Cached::builder(Arc::clone(&script)).max_entries(200).build().unwrap();
    for number in 0..1000 {
        subject(&cached, &format!("good.{number}")).await;
    }
    let kept = cached.0.store.sizes().0;
    assert!((100..=200).contains(&kept), "eviction never clears everything: {kept}");

    let cached = Cached::builder(script).max_bytes(1 << 20).build().unwrap();
    for number in 0..1000 {
        subject(&cached, &format!("big.{number}")).await;
    }
    let kept = cached.0.store.sizes().0;
    assert!((30..=105).contains(&kept), "10 kB each: {kept}");
}

#[tokio::test]
async fn a_copy_of_the_claims_cannot_change_the_entry() {
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
async fn a_ttl_of_zero_caches_nothing() {
    // R-E7
    let script = Script::open();
    let cached = Cached::builder(Arc::clone(&script))
        .ttl(Duration::ZERO)
        .inactive_ttl(Duration::ZERO)
        .build()
        .unwrap();
    for _ in 0..2 {
        subject(&cached, "a").await;
        cached.resolve(&token("inactive")).await.unwrap_err();
    }
    assert_eq!(script.resolutions(), 4);
}

#[test]
fn debug_output_and_the_namespace_hold_no_secret() {
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

#[test]
fn a_setting_that_is_out_of_range_is_an_error() {
    // R-E5, R-L2
    fn message(
        setting: impl FnOnce(CachedBuilder<Arc<Script>>) -> CachedBuilder<Arc<Script>>,
    ) -> Option<String> {
        setting(Cached::builder(Script::open())).build().err().map(|error| error.to_string())
    }
    let hour = Duration::from_secs(3600);
    assert_eq!(message(|cached| cached.stale_if_error(hour).stale_scopes(["a", "b"])), None);
    let empty: [&str; 0] = [];
    assert_eq!(message(|cached| cached.stale_if_error(hour).stale_scopes(empty)), None);
    for (setting, message) in [
        (
            "`stale_if_error`",
            message(|cached| cached.stale_if_error(hour + Duration::from_nanos(1))),
        ),
        (
            "`stale_scopes`",
            message(|cached| cached.stale_if_error(hour).stale_scopes(["a", "a b"])),
        ),
        ("`stale_scopes`", message(|cached| cached.stale_if_error(hour).stale_scopes(["ä"]))),
        ("`stale_scopes`", message(|cached| cached.stale_if_error(hour).stale_scopes([""]))),
        ("`max_entries`", message(|cached| cached.max_entries(0))),
        ("`max_bytes`", message(|cached| cached.max_bytes(0))),
        ("`max_inactive_entries`", message(|cached| cached.max_inactive_entries(0))),
    ] {
        let message = message.unwrap();
        assert!(message.contains(setting), "{setting}: {message}");
    }
}

#[test]
fn a_setting_of_the_cache_is_neither_dropped_nor_overwritten() {
    // R-C13
    type Builder = CachedBuilder<Arc<Script>>;
    fn error(setting: impl FnOnce(Builder) -> Builder) -> SetupError {
        setting(Cached::builder(Script::open())).build().err().unwrap()
    }
    let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
    for (setting, error) in [
        ("ttl", error(|it| it.ttl(one).ttl(two))),
        ("inactive_ttl", error(|it| it.inactive_ttl(one).inactive_ttl(two))),
        ("max_entries", error(|it| it.max_entries(1).max_entries(2))),
        ("max_bytes", error(|it| it.max_bytes(1).max_bytes(2))),
        ("max_inactive_entries", error(|it| it.max_inactive_entries(1).max_inactive_entries(2))),
        ("stale_if_error", error(|it| it.stale_if_error(one).stale_if_error(two))),
        (
            "stale_scopes",
            error(|it| it.stale_if_error(one).stale_scopes(["a"]).stale_scopes(["b"])),
        ),
        ("clock", error(|it| it.clock(ManualClock::new()).clock(ManualClock::new()))),
    ] {
        let SetupError::SetTwice { setting: twice } = &error else { panic!("{error}") };
        assert_eq!(twice.method(), Some(setting));
    }
    let same = Cached::builder(Script::open()).ttl(one).ttl(one).build();
    assert!(same.is_ok(), "the same value is no contradiction");
    let unused = error(|it| it.stale_scopes(["a"])).to_string();
    assert!(unused.contains("`stale_scopes`") && unused.contains("without `stale_if_error`"));
}
