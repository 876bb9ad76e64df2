//! R-C12: with an issuer alone, the server starts while its authorization server is down.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use fixtures::log_capture::LogCapture;
use requires_auth::testing::{AuthorizationServer, Endpoint, Fault, ManualClock};
use requires_auth::{
    AuthInfo, Cached, Clock, Condition, DiscoveryError, Introspection, IntrospectionBuilder,
    Reason, Rejection, Resolver, ResourceServer, ResourceServerConfig, SetupError,
};
use serde_json::json;
use tokio::time::timeout;

use crate::head;
use crate::rejection_log::warned;
use crate::service::RESOURCE;

/// More than the longest delay between two attempts.
const DELAY: Duration = Duration::from_secs(8);

/// Far more than anything takes; a test that runs into it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(8);

async fn ask(server: &ResourceServer, token: &str) -> Result<AuthInfo, Rejection> {
    server.authorize(&mut head(token), Condition::Scope("read")).await
}

fn token(upstream: &AuthorizationServer) -> String {
    upstream.mint().subject("alice").audience(RESOURCE).scopes("read").issue()
}

fn client(upstream: &AuthorizationServer, clock: &ManualClock) -> IntrospectionBuilder {
    Introspection::from_issuer(upstream.issuer()).clock(clock.clone())
}

fn server(upstream: &AuthorizationServer, resolver: impl Resolver) -> ResourceServer {
    let server = ResourceServer::builder(RESOURCE).issuer(upstream.issuer()).resolver(resolver);
    server.build().unwrap()
}

fn config(issuer: &str) -> ResourceServerConfig {
    serde_json::from_value(json!({"resource": RESOURCE, "issuer": issuer})).unwrap()
}

#[track_caller]
fn assert_unavailable(refused: &Rejection) {
    assert_eq!((refused.reason(), refused.challenge()), (Reason::Unavailable, None));
    let retry_after = refused.retry_after().unwrap();
    let fits = (Duration::from_secs(1)..=Duration::from_secs(8)).contains(&retry_after);
    assert!(fits, "{retry_after:?}");
    assert_eq!(refused.headers()["retry-after"], retry_after.as_secs().to_string());
    assert_eq!(refused.body(), fixtures::rejection_body::UNAVAILABLE);
}

fn metadata_requests(upstream: &AuthorizationServer) -> usize {
    upstream.requests(Endpoint::Metadata).len()
}

#[tokio::test]
async fn a_server_starts_while_its_authorization_server_is_down_and_recovers_by_itself() {
    // R-C12, R-L2
    let log = LogCapture::default();
    let _guard = log.start();
    let upstream = AuthorizationServer::start().await.unwrap();
    let token = token(&upstream);
    upstream.stop().await.unwrap();
    let server = config(upstream.issuer()).build().await.unwrap();
    let warnings = warned(&log);
    let [line] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(line.starts_with("discovery failed") && line.contains(upstream.issuer()), "{line}");
    assert!(line.contains("cannot be reached") && line.contains("os error"), "{line}");
    let refused = ask(&server, &token).await.unwrap_err();
    assert_unavailable(&refused);
    let line = warned(&log).pop().unwrap();
    assert!(line.contains("cause=the introspection endpoint is not discovered yet"), "{line}");
    assert!(line.contains("cannot be reached"), "{line}");

    upstream.restart().await.unwrap();
    let recovery = async {
        loop {
            match ask(&server, &token).await {
                Ok(caller) => break caller,
                Err(refused) => assert_unavailable(&refused),
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(timeout(PATIENCE, recovery).await.unwrap().subject(), Some("alice"));
}

#[tokio::test]
async fn attempts_are_spaced_however_many_requests_there_are() {
    // R-C12
    let clock = ManualClock::new();
    let upstream = AuthorizationServer::start().await.unwrap();
    let server = server(&upstream, client(&upstream, &clock).build().unwrap());
    let token = token(&upstream);
    for fault in [Fault::status(503), Fault::status(404), Fault::html(), Fault::reset()] {
        upstream.fault(fault.at(Endpoint::Metadata));
        let before = metadata_requests(&upstream);
        assert_unavailable(&ask(&server, &token).await.unwrap_err());
        let one_attempt = metadata_requests(&upstream);
        assert!((1..=2).contains(&(one_attempt - before)));
        for number in 0..50 {
            assert_unavailable(&ask(&server, &format!("garbage.{number}")).await.unwrap_err());
        }
        clock.advance(Duration::from_millis(100));
        assert_unavailable(&ask(&server, &token).await.unwrap_err());
        assert_eq!(metadata_requests(&upstream), one_attempt);
        clock.advance(DELAY);
    }
    assert_eq!(upstream.introspections(), 0, "no token goes anywhere before");
    upstream.clear_faults();
    assert_eq!(ask(&server, &token).await.unwrap().subject(), Some("alice"));
    let discovered = metadata_requests(&upstream);
    clock.advance(100 * DELAY);
    assert_eq!(ask(&server, &token).await.unwrap().subject(), Some("alice"));
    assert_eq!(metadata_requests(&upstream), discovered, "once is enough");
}

#[tokio::test]
async fn requests_at_once_share_one_attempt_and_its_failure() {
    // R-C12
    let clock = ManualClock::new();
    let upstream = AuthorizationServer::start().await.unwrap();
    let client = client(&upstream, &clock).request_timeout(Duration::from_secs(2));
    let server = server(&upstream, client.build().unwrap());
    let token = token(&upstream);
    let crowd = || {
        let ask = |_| {
            let (server, token) = (server.clone(), token.clone());
            tokio::spawn(async move { ask(&server, &token).await })
        };
        (0..50).map(ask).collect::<Vec<_>>()
    };
    upstream.fault(Fault::hang().at(Endpoint::Metadata));
    let start = Instant::now();
    for caller in crowd() {
        assert_unavailable(&caller.await.unwrap().unwrap_err());
    }
    assert!(start.elapsed() < Duration::from_secs(2) + SLACK, "within the deadline, all of them");
    assert_eq!(metadata_requests(&upstream), 1);

    clock.advance(DELAY);
    upstream.clear_faults();
    upstream.fault(Fault::delay(Duration::from_millis(50)).at(Endpoint::Metadata));
    for caller in crowd() {
        assert_eq!(caller.await.unwrap().unwrap().subject(), Some("alice"));
    }
    assert_eq!(metadata_requests(&upstream), 2);
}

#[tokio::test]
async fn the_requests_that_wait_for_an_attempt_are_bounded() {
    // R-C9, R-C12
    let clock = ManualClock::new();
    let upstream = AuthorizationServer::start().await.unwrap();
    let client = client(&upstream, &clock).max_in_flight(2).request_timeout(Duration::from_secs(1));
    let server = server(&upstream, client.build().unwrap());
    let token = token(&upstream);
    upstream.fault(Fault::hang().at(Endpoint::Metadata));
    let start = Instant::now();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (server, token) = (server.clone(), token.clone());
            tokio::spawn(async move { ask(&server, &token).await })
        })
        .collect();
    let mut crowded = 0;
    for caller in callers {
        let refused = caller.await.unwrap().unwrap_err();
        assert_unavailable(&refused);
        let source = std::error::Error::source(&refused).unwrap().to_string();
        crowded += usize::from(source.starts_with("too many requests wait"));
    }
    assert_eq!(crowded, 48);
    assert!(start.elapsed() < Duration::from_secs(1) + SLACK);
    assert_eq!(metadata_requests(&upstream), 1);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_end_the_attempt() {
    // R-C12
    let clock = ManualClock::new();
    let upstream = AuthorizationServer::start().await.unwrap();
    let server = server(&upstream, client(&upstream, &clock).build().unwrap());
    let token = token(&upstream);
    upstream.fault(Fault::delay(Duration::from_millis(200)).at(Endpoint::Metadata));
    let first = tokio::spawn({
        let (server, token) = (server.clone(), token.clone());
        async move { ask(&server, &token).await }
    });
    while metadata_requests(&upstream) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(ask(&server, &token).await.unwrap().subject(), Some("alice"));
    assert_eq!(metadata_requests(&upstream), 1);
}

/// A clock that shows whether something still holds it.
#[derive(Debug)]
struct Held(#[expect(dead_code, reason = "it is held, not read")] Arc<()>);

impl Clock for Held {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}

#[tokio::test]
async fn an_attempt_ends_with_its_client() {
    // R-C12
    let held = Arc::new(());
    let upstream = AuthorizationServer::start().await.unwrap();
    upstream.fault(Fault::hang().at(Endpoint::Metadata));
    let client = Introspection::from_issuer(upstream.issuer())
        .request_timeout(Duration::from_secs(3600))
        .clock(Held(Arc::clone(&held)));
    let server = server(&upstream, client.build().unwrap());
    let caller = tokio::spawn(async move { ask(&server, "token").await });
    while metadata_requests(&upstream) == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    let ended = async {
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    };
    // A single read would end it after 5 s.
    timeout(Duration::from_secs(3), ended).await.unwrap();
}

#[tokio::test]
async fn a_mistake_of_the_set_up_is_an_error_at_start_that_names_values_and_settings() {
    // R-C8, R-C12
    let upstream = AuthorizationServer::start().await.unwrap();
    let issuer = upstream.issuer();
    let place = |name: &str| format!("{issuer}/.well-known/{name}");
    let (oauth, openid) = (place("oauth-authorization-server"), place("openid-configuration"));
    let introspection_url = "`introspection_url` (REQUIRES_AUTH_INTROSPECTION_URL)";

    let slash = format!("{issuer}/");
    let error = config(&slash).build().await.unwrap_err();
    let expected = format!(
        "the metadata at {oauth} is that of another issuer: its `issuer` is \"{issuer}\", and the \
         setting `issuer` (REQUIRES_AUTH_ISSUER) is \"{slash}\"; they must be equal, also in the \
         slash at the end"
    );
    assert_eq!(error.to_string(), expected);

    let other = json!({"issuer": "https://evil.example\n", "introspection_endpoint": issuer});
    let missing = json!({"issuer": issuer});
    let plain = json!({"issuer": issuer, "introspection_endpoint": "http://as.example/i?s3cret"});
    for (fault, expected) in [
        (
            Fault::json(other),
            format!(
                "the metadata at {oauth} is that of another issuer: its `issuer` is \
                 \"https://evil.example\\n\", and the setting `issuer` (REQUIRES_AUTH_ISSUER) is \
                 \"{issuer}\"; they must be equal"
            ),
        ),
        (
            Fault::json(missing),
            format!(
                "the metadata at {oauth} names no `introspection_endpoint`: set {introspection_url}"
            ),
        ),
        (
            Fault::json(plain),
            format!(
                "the `introspection_endpoint` in the metadata at {oauth} cannot be used: plain \
                 http is accepted for loopback hosts only; use https"
            ),
        ),
        (
            Fault::status(404),
            format!(
                "the issuer has no metadata at either place: {oauth} (status 404), {openid} \
                 (status 404); if `issuer` (REQUIRES_AUTH_ISSUER) is right, set {introspection_url}"
            ),
        ),
    ] {
        upstream.fault(fault.at(Endpoint::Metadata));
        let error = config(issuer).build().await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(format!("{error:?}"), expected, "what `main` prints");
        let SetupError::Discovery(error) = error else { panic!("{error}") };
        assert!(error.is_definitive());
        assert_eq!(Introspection::discover(issuer).await.unwrap_err().to_string(), expected);
    }
    assert_eq!(upstream.introspections(), 0);
}

#[tokio::test]
async fn what_may_pass_is_no_error_at_start() {
    // R-C12
    let upstream = AuthorizationServer::start().await.unwrap();
    for fault in [
        Fault::status(500),
        Fault::status(503),
        Fault::status(429),
        Fault::redirect("http://127.0.0.1:1/"),
        Fault::html(),
        Fault::huge_body(70_000),
        Fault::reset(),
        Fault::truncated(),
    ] {
        upstream.fault(fault.at(Endpoint::Metadata));
        let server = config(upstream.issuer()).build().await.unwrap();
        assert_unavailable(&ask(&server, &token(&upstream)).await.unwrap_err());
    }
    assert_eq!(upstream.introspections(), 0);
}

#[tokio::test]
async fn a_mistake_that_shows_later_is_an_outage_and_an_error_line() {
    // R-C8, R-C12
    let log = LogCapture::default();
    let _guard = log.start();
    let clock = ManualClock::new();
    let upstream = AuthorizationServer::start().await.unwrap();
    let client = client(&upstream, &clock).build().unwrap();
    upstream.fault_once(Fault::status(503).at(Endpoint::Metadata));
    client.discover_at_start().await.unwrap();
    let server = server(&upstream, client);
    let other = json!({"issuer": "https://evil.example", "introspection_endpoint": "https://evil.example/i"});
    upstream.fault(Fault::json(other).at(Endpoint::Metadata));
    clock.advance(DELAY);
    let token = token(&upstream);
    let refused = ask(&server, &token).await.unwrap_err();
    assert_unavailable(&refused);
    let line = log.lines().into_iter().find(|line| line.contains("ERROR")).unwrap();
    for value in ["https://evil.example", upstream.issuer(), "REQUIRES_AUTH_ISSUER"] {
        assert!(line.contains(value), "{line}");
        assert!(!format!("{:?}{}", refused.headers(), refused.body()).contains(value));
    }
    // It is repaired at the authorization server.
    upstream.clear_faults();
    clock.advance(DELAY);
    assert_eq!(ask(&server, &token).await.unwrap().subject(), Some("alice"));
}

#[tokio::test]
async fn the_name_of_the_resolver_does_not_depend_on_the_discovery() {
    // R-E2: the caches' keys are made of it, before and after.
    let clock = ManualClock::new();
    let upstream = AuthorizationServer::start().await.unwrap();
    let resolver = |client: IntrospectionBuilder| client.build().unwrap();
    let one = resolver(client(&upstream, &clock));
    let before = one.cache_namespace();
    one.discover_at_start().await.unwrap();
    assert_eq!(one.cache_namespace(), before);
    assert_eq!(
        resolver(client(&upstream, &clock)).cache_namespace(),
        before,
        "that of another instance"
    );
    for other in [
        Introspection::builder(upstream.introspection_url()),
        Introspection::builder(upstream.issuer()),
        Introspection::from_issuer(format!("{}/", upstream.issuer())),
        client(&upstream, &clock).client_secret_basic("journal", "secret"),
    ] {
        assert_ne!(resolver(other).cache_namespace(), before);
    }

    let server = server(&upstream, Cached::new(resolver(client(&upstream, &clock))));
    let token = token(&upstream);
    upstream.fault_once(Fault::status(503).at(Endpoint::Metadata));
    assert_unavailable(&ask(&server, &token).await.unwrap_err());
    clock.advance(DELAY);
    for _ in 0..3 {
        assert_eq!(ask(&server, &token).await.unwrap().subject(), Some("alice"));
    }
    assert_eq!(upstream.introspections(), 1);
}

#[tokio::test]
async fn a_name_that_means_this_machine_is_not_looked_up() {
    // R-C3: no resolver here has this name, and one elsewhere may have another address for it. The
    // server answers 421 to a host that it does not serve, so that status shows that it was reached.
    let upstream = AuthorizationServer::start().await.unwrap();
    let elsewhere = |url: &str| url.replace("127.0.0.1", "no-such-name.localhost");
    let endpoint = elsewhere(upstream.introspection_url());
    let server = server(&upstream, Introspection::builder(endpoint).build().unwrap());
    let refused = ask(&server, &token(&upstream)).await.unwrap_err();
    assert!(format!("{refused:?}").contains("421"), "{refused:?}");
    let error = Introspection::discover(&elsewhere(upstream.issuer())).await.unwrap_err();
    let SetupError::Discovery(DiscoveryError::NotFound { places, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(places.map(|(_, status)| status), [421, 421]);
}
