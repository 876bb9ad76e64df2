//! Claims that stand in for an answer that cannot be had.

use super::*;
use crate::{ErrorResponse, InvalidResponse};

/// Answers as the test has set it.
struct Moody {
    mood: Mutex<Mood>,
    clock: ManualClock,
}

#[derive(Clone)]
enum Mood {
    Active(&'static str),
    Failing(ResolveError),
    /// After so many seconds.
    Slow(u64, ResolveError),
}

use Mood::{Active, Failing, Slow};

impl Resolver for Moody {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        let mood = self.mood.lock().unwrap().clone();
        match mood {
            Active(answer) => Claims::from_introspection(answer.as_bytes()),
            Failing(error) => Err(error),
            Slow(seconds, error) => {
                self.clock.pass(seconds);
                Err(error)
            }
        }
    }

    fn cache_namespace(&self) -> String {
        "moody".to_owned()
    }
}

struct Setup {
    moody: Arc<Moody>,
    clock: ManualClock,
    cached: Cached<Arc<Moody>>,
}

impl Setup {
    fn new(settings: impl FnOnce(CachedBuilder<Arc<Moody>>) -> CachedBuilder<Arc<Moody>>) -> Self {
        let clock = ManualClock::new();
        let mood = Mutex::new(Active(r#"{"active":true,"scope":"a b"}"#));
        let moody = Arc::new(Moody { mood, clock: clock.clone() });
        let builder = Cached::builder(Arc::clone(&moody)).clock(clock.clone());
        Self { moody, clock, cached: settings(builder).build() }
    }

    fn with_ten_minutes() -> Self {
        Self::new(|builder| builder.stale_if_error(Duration::from_secs(600)))
    }

    fn is(&self, mood: Mood) {
        *self.moody.mood.lock().unwrap() = mood;
    }

    async fn ask(&self) -> Result<bool, ResolveError> {
        self.cached.resolve(&token("a")).await.map(|claims| claims.is_stale())
    }

    fn outages() -> [ResolveError; 3] {
        [
            Unavailable::new("out").into(),
            InvalidResponse::Status(500).into(),
            InvalidResponse::NotJson.into(),
        ]
    }
}

#[tokio::test]
async fn claims_stand_in_for_a_while_where_that_is_asked_for() {
    // R-E3, R-L2
    for outage in Setup::outages() {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.ask().await.unwrap());
        setup.is(Failing(outage.clone()));
        setup.clock.pass(59);
        assert!(!setup.ask().await.unwrap(), "fresh");
        for seconds in [1, 599] {
            setup.clock.pass(seconds);
            assert!(setup.ask().await.unwrap(), "{outage:?}");
        }
        setup.clock.pass(1);
        assert!(setup.ask().await.is_err(), "ten minutes have passed");

        setup.is(Active(r#"{"active":true}"#));
        assert!(!setup.ask().await.unwrap());
        setup.clock.pass(60);
        assert!(!setup.ask().await.unwrap(), "no outage, so it is asked");
    }
}

#[tokio::test]
async fn by_default_nothing_stands_in() {
    // R-E3
    let setup = Setup::new(|builder| builder.stale_scopes(["a"]));
    assert!(!setup.ask().await.unwrap());
    setup.is(Failing(Unavailable::new("out").into()));
    setup.clock.pass(60);
    assert!(setup.ask().await.is_err());
}

#[tokio::test]
async fn nothing_stands_in_for_more_than_an_hour_or_beyond_the_end_of_the_token() {
    // R-E3, R-L3
    let setup = Setup::new(|builder| builder.stale_if_error(Duration::MAX));
    assert!(!setup.ask().await.unwrap());
    setup.is(Failing(Unavailable::new("out").into()));
    setup.clock.pass(3659);
    assert!(setup.ask().await.unwrap());
    setup.clock.pass(1);
    assert!(setup.ask().await.is_err());

    let setup = Setup::with_ten_minutes();
    setup.is(Active(r#"{"active":true,"exp":1000100}"#));
    assert!(!setup.ask().await.unwrap());
    setup.is(Failing(Unavailable::new("out").into()));
    setup.clock.pass(99);
    assert!(setup.ask().await.unwrap());
    setup.clock.0.lock().unwrap().wall -= Duration::from_secs(3600);
    setup.clock.pass(1);
    assert!(setup.ask().await.is_err(), "whatever the wall clock says");

    let setup = Setup::with_ten_minutes();
    assert!(!setup.ask().await.unwrap());
    setup.clock.pass(655);
    setup.is(Slow(5, Unavailable::new("out").into()));
    assert!(setup.ask().await.is_err(), "it ended while the answer was waited for");
}

#[tokio::test]
async fn what_is_no_outage_is_passed_on() {
    // R-E4, R-C10: also a server that says in its own way that it does not know a token, and whatever
    // else the holder of a token can provoke.
    for error in [
        ResolveError::Inactive,
        ResolveError::CredentialsRefused,
        InvalidResponse::Status(400).into(),
        InvalidResponse::Status(404).into(),
        InvalidResponse::NoActive.into(),
        InvalidResponse::UnreadableObject.into(),
        InvalidResponse::Encoded.into(),
        InvalidResponse::TooLong.into(),
        ResolveError::TokenRefused(ErrorResponse::new(400)),
        ResolveError::ClientRefused(ErrorResponse::new(401)),
        ResolveError::NoClient(ErrorResponse::new(401)),
        Unavailable::new("limited").with_error_response(ErrorResponse::new(429)).into(),
    ] {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.ask().await.unwrap());
        setup.clock.pass(60);
        setup.is(Failing(error.clone()));
        assert!(setup.ask().await.is_err(), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_longer_true_never_stands_in_again() {
    // R-E4, R-E7
    let outage = || Failing(Unavailable::new("out").into());
    for no_longer in [ResolveError::Inactive, ResolveError::TokenRefused(ErrorResponse::new(400))] {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.ask().await.unwrap());
        setup.clock.pass(60);
        setup.is(Failing(no_longer));
        assert!(setup.ask().await.is_err());
        setup.is(outage());
        setup.clock.pass(5);
        let refused = setup.ask().await.unwrap_err();
        assert!(matches!(refused, ResolveError::Unavailable(_)), "{refused:?}");
    }

    for invalidate in [|cached: &Cached<_>| cached.invalidate(&token("a")), Cached::invalidate_all]
    {
        let setup = Setup::with_ten_minutes();
        assert!(!setup.ask().await.unwrap());
        setup.clock.pass(60);
        setup.is(outage());
        assert!(setup.ask().await.unwrap());
        invalidate(&setup.cached);
        assert!(setup.ask().await.is_err(), "forgotten");
    }
}

#[tokio::test]
async fn with_no_lifetime_claims_are_for_outages_alone() {
    // R-E7
    let setup =
        Setup::new(|builder| builder.ttl(Duration::ZERO).stale_if_error(Duration::from_secs(10)));
    for _ in 0..2 {
        assert!(!setup.ask().await.unwrap(), "asked each time");
    }
    setup.is(Failing(Unavailable::new("out").into()));
    assert!(setup.ask().await.unwrap());
    setup.clock.pass(10);
    assert!(setup.ask().await.is_err());
}

#[tokio::test]
async fn only_the_scopes_that_are_named_stand_in() {
    // R-E1
    let setup = Setup::new(|builder| {
        builder.stale_if_error(Duration::from_secs(600)).stale_scopes(["b", "c", "not a scope"])
    });
    let scopes =
        || async { setup.cached.resolve(&token("a")).await.unwrap().scopes().as_str().to_owned() };
    assert_eq!(scopes().await, "a b");
    setup.clock.pass(60);
    setup.is(Failing(Unavailable::new("out").into()));
    assert_eq!(scopes().await, "b");
    setup.is(Active(r#"{"active":true,"scope":"a b"}"#));
    assert_eq!(scopes().await, "a b");
}
