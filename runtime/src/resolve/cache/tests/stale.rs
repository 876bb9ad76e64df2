//! Stale claims that are used when a token cannot be resolved.

use super::*;
use crate::{ClientError, ErrorResponse, ResponseError, TokenError, UnavailableError};

/// A resolver that returns what the test has set.
struct Settable {
    behavior: Mutex<Behavior>,
    clock: ManualClock,
}

#[derive(Clone)]
enum Behavior {
    Active(&'static str),
    Failing(ResolveError),
    /// Fails after so many seconds.
    Slow(u64, ResolveError),
}

use Behavior::{Active, Failing, Slow};

impl Resolver for Settable {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        let behavior = self.behavior.lock().unwrap().clone();
        match behavior {
            Active(answer) => Claims::from_introspection(answer.as_bytes()),
            Failing(error) => Err(error),
            Slow(seconds, error) => {
                self.clock.advance(Duration::from_secs(seconds));
                Err(error)
            }
        }
    }

    fn cache_namespace(&self) -> String {
        "resolver".to_owned()
    }
}

struct Setup {
    resolver: Arc<Settable>,
    clock: ManualClock,
    cached: Cached<Arc<Settable>>,
}

impl Setup {
    fn new(
        settings: impl FnOnce(CachedBuilder<Arc<Settable>>) -> CachedBuilder<Arc<Settable>>,
    ) -> Self {
        let clock = manual_clock();
        let behavior = Mutex::new(Active(r#"{"active":true,"scope":"a b"}"#));
        let resolver = Arc::new(Settable { behavior, clock: clock.clone() });
        let builder = Cached::builder(Arc::clone(&resolver)).clock(clock.clone());
        Self { resolver, clock, cached: settings(builder).build().unwrap() }
    }

    fn with_ten_minutes() -> Self {
        Self::new(|builder| builder.stale_if_error(Duration::from_secs(600)))
    }

    fn set(&self, behavior: Behavior) {
        *self.resolver.behavior.lock().unwrap() = behavior;
    }

    async fn resolve_is_stale(&self) -> Result<bool, ResolveError> {
        self.cached.resolve(&token("a")).await.map(|claims| claims.is_stale())
    }

    fn outages() -> [ResolveError; 3] {
        [
            UnavailableError::new("out").into(),
            ResponseError::Status(500).into(),
            ResponseError::NotJson.into(),
        ]
    }
}

#[tokio::test]
async fn stale_claims_are_used_for_the_period_of_stale_if_error() {
    // R-E3, R-L2
    for outage in Setup::outages() {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.resolve_is_stale().await.unwrap());
        setup.set(Failing(outage.clone()));
        setup.clock.advance(Duration::from_secs(59));
        assert!(!setup.resolve_is_stale().await.unwrap(), "fresh");
        for seconds in [1, 599] {
            setup.clock.advance(Duration::from_secs(seconds));
            assert!(setup.resolve_is_stale().await.unwrap(), "{outage:?}");
        }
        setup.clock.advance(Duration::from_secs(1));
        assert!(setup.resolve_is_stale().await.is_err(), "ten minutes have passed");

        setup.set(Active(r#"{"active":true}"#));
        assert!(!setup.resolve_is_stale().await.unwrap());
        setup.clock.advance(Duration::from_secs(60));
        assert!(!setup.resolve_is_stale().await.unwrap(), "no outage, so it is resolved");
    }
}

#[tokio::test]
async fn by_default_no_stale_claims_are_used() {
    // R-E3
    let setup = Setup::new(|builder| builder);
    assert!(!setup.resolve_is_stale().await.unwrap());
    setup.set(Failing(UnavailableError::new("out").into()));
    setup.clock.advance(Duration::from_secs(60));
    assert!(setup.resolve_is_stale().await.is_err());
}

#[tokio::test]
async fn stale_claims_are_not_used_after_an_hour_or_after_the_token_expires() {
    // R-E3, R-L3
    let setup = Setup::new(|builder| builder.stale_if_error(Duration::from_secs(3600)));
    assert!(!setup.resolve_is_stale().await.unwrap());
    setup.set(Failing(UnavailableError::new("out").into()));
    setup.clock.advance(Duration::from_secs(3659));
    assert!(setup.resolve_is_stale().await.unwrap());
    setup.clock.advance(Duration::from_secs(1));
    assert!(setup.resolve_is_stale().await.is_err());

    let setup = Setup::with_ten_minutes();
    setup.set(Active(r#"{"active":true,"exp":1000100}"#));
    assert!(!setup.resolve_is_stale().await.unwrap());
    setup.set(Failing(UnavailableError::new("out").into()));
    setup.clock.advance(Duration::from_secs(99));
    assert!(setup.resolve_is_stale().await.unwrap());
    setup.clock.set(setup.clock.now() - Duration::from_secs(3600));
    setup.clock.advance(Duration::from_secs(1));
    assert!(setup.resolve_is_stale().await.is_err(), "whatever the wall clock says");

    let setup = Setup::with_ten_minutes();
    assert!(!setup.resolve_is_stale().await.unwrap());
    setup.clock.advance(Duration::from_secs(655));
    setup.set(Slow(5, UnavailableError::new("out").into()));
    assert!(setup.resolve_is_stale().await.is_err(), "it ended during the resolution");
}

#[tokio::test]
async fn other_errors_are_returned() {
    // R-E4, R-C10: also error responses about the token, and whatever else the holder of a token can
    // cause.
    for error in [
        ResolveError::InvalidToken(TokenError::Inactive),
        ResolveError::InvalidClient(ClientError::Rejected(None)),
        ResponseError::Status(400).into(),
        ResponseError::Status(404).into(),
        ResponseError::NoActive.into(),
        ResponseError::UnreadableObject.into(),
        ResponseError::Encoded.into(),
        ResponseError::TooLong.into(),
        ResolveError::InvalidToken(TokenError::Rejected(ErrorResponse::new(400))),
        ResolveError::InvalidClient(ClientError::Rejected(Some(ErrorResponse::new(401)))),
        ResolveError::InvalidClient(ClientError::NotConfigured(ErrorResponse::new(401))),
        UnavailableError::new("limited").with_error_response(ErrorResponse::new(429)).into(),
    ] {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.resolve_is_stale().await.unwrap());
        setup.clock.advance(Duration::from_secs(60));
        setup.set(Failing(error.clone()));
        assert!(setup.resolve_is_stale().await.is_err(), "{error:?}");
    }
}

#[tokio::test]
async fn claims_that_no_longer_hold_are_not_used_as_stale_claims() {
    // R-E4, R-E7
    let outage = || Failing(UnavailableError::new("out").into());
    for no_longer in [
        ResolveError::InvalidToken(TokenError::Inactive),
        ResolveError::InvalidToken(TokenError::Rejected(ErrorResponse::new(400))),
        ResolveError::InvalidToken(TokenError::Issuer),
        ResolveError::InvalidToken(TokenError::Expired),
    ] {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.resolve_is_stale().await.unwrap());
        setup.clock.advance(Duration::from_secs(60));
        setup.set(Failing(no_longer));
        assert!(setup.resolve_is_stale().await.is_err());
        setup.set(outage());
        setup.clock.advance(Duration::from_secs(5));
        let error = setup.resolve_is_stale().await.unwrap_err();
        assert!(matches!(error, ResolveError::Unavailable(_)), "{error:?}");
    }

    // The new claims are of a token that has expired; the earlier ones named no end.
    let setup = Setup::with_ten_minutes();
    assert!(!setup.resolve_is_stale().await.unwrap());
    setup.clock.advance(Duration::from_secs(60));
    setup.set(Active(r#"{"active":true,"exp":1000001}"#));
    assert!(!setup.resolve_is_stale().await.unwrap());
    setup.set(outage());
    assert!(setup.resolve_is_stale().await.is_err());

    for invalidate in [|cached: &Cached<_>| cached.invalidate(&token("a")), Cached::invalidate_all]
    {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.resolve_is_stale().await.unwrap());
        setup.clock.advance(Duration::from_secs(60));
        setup.set(outage());
        assert!(setup.resolve_is_stale().await.unwrap());
        invalidate(&setup.cached);
        assert!(setup.resolve_is_stale().await.is_err(), "invalidated");
    }
}

#[tokio::test]
async fn stale_claims_of_a_nested_cache_do_not_become_fresh() {
    // R-E1, R-E7
    let setup =
        Setup::new(|builder| builder.stale_if_error(Duration::from_secs(600)).stale_scopes(["b"]));
    let outer = Cached::builder(setup.cached.clone()).clock(setup.clock.clone());
    let outer = outer.stale_if_error(Duration::from_secs(600)).build().unwrap();
    let resolve = async || {
        let claims = outer.resolve(&token("a")).await.unwrap();
        (claims.is_stale(), claims.scopes().as_str().to_owned())
    };
    assert_eq!(resolve().await, (false, "a b".to_owned()));
    setup.clock.advance(Duration::from_secs(60));
    setup.set(Failing(UnavailableError::new("out").into()));
    assert_eq!(resolve().await, (true, "b".to_owned()));
    setup.set(Active(r#"{"active":true,"scope":"c"}"#));
    assert_eq!(resolve().await, (false, "c".to_owned()), "resolved again at once");
}

#[tokio::test]
async fn with_a_ttl_of_zero_claims_are_used_in_outages_alone() {
    // R-E7
    let setup =
        Setup::new(|builder| builder.ttl(Duration::ZERO).stale_if_error(Duration::from_secs(10)));
    for _ in 0..2 {
        assert!(!setup.resolve_is_stale().await.unwrap(), "resolved each time");
    }
    setup.set(Failing(UnavailableError::new("out").into()));
    assert!(setup.resolve_is_stale().await.unwrap());
    setup.clock.advance(Duration::from_secs(10));
    assert!(setup.resolve_is_stale().await.is_err());
}

#[tokio::test]
async fn stale_claims_have_the_stale_scopes_alone() {
    // R-E1
    let setup = Setup::new(|builder| {
        builder.stale_if_error(Duration::from_secs(600)).stale_scopes(["b", "c"])
    });
    let scopes =
        || async { setup.cached.resolve(&token("a")).await.unwrap().scopes().as_str().to_owned() };
    assert_eq!(scopes().await, "a b");
    setup.clock.advance(Duration::from_secs(60));
    setup.set(Failing(UnavailableError::new("out").into()));
    assert_eq!(scopes().await, "b");
    setup.set(Active(r#"{"active":true,"scope":"a b"}"#));
    assert_eq!(scopes().await, "a b");
}
