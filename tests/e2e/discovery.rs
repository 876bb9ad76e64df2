//! R-C12: with an issuer alone, the server starts while its authorization server is down.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use requires_auth::testing::{AuthorizationServer, Endpoint, Fault, ManualClock};
use requires_auth::{
    AuthInfo, Cached, Clock, Condition, DiscoveryError, Introspection, IntrospectionBuilder,
    Reason, Rejection, Resolver, ResourceServer, ResourceServerConfig, SetupError,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::head;
use crate::rejection_log::warned;
use crate::service::RESOURCE;

/// More than the longest delay between two attempts.
const DELAY: Duration = Duration::from_secs(8);

/// Longer than any step of a test takes. A test that exceeds it fails.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The delay that a busy machine may add.
const TOLERANCE: Duration = Duration::from_secs(8);

async fn authorize(server: &ResourceServer, token: &str) -> Result<AuthInfo, Rejection> {
    server.authorize(&mut head(token), Condition::Scope("read")).await
}

fn token(authorization_server: &AuthorizationServer) -> String {
    authorization_server.mint().subject("alice").audience(RESOURCE).scopes("read").issue()
}

fn client(authorization_server: &AuthorizationServer, clock: &ManualClock) -> IntrospectionBuilder {
    Introspection::from_issuer(authorization_server.issuer()).clock(clock.clone())
}

fn server(authorization_server: &AuthorizationServer, resolver: impl Resolver) -> ResourceServer {
    let server =
        ResourceServer::builder(RESOURCE).issuer(authorization_server.issuer()).resolver(resolver);
    server.build().unwrap()
}

fn config(issuer: &str) -> ResourceServerConfig {
    serde_json::from_value(json!({"resource": RESOURCE, "issuer": issuer})).unwrap()
}

#[track_caller]
fn assert_unavailable(rejected: &Rejection) {
    assert_eq!((rejected.reason(), rejected.challenge()), (Reason::Unavailable, None));
    let retry_after = rejected.retry_after().unwrap();
    let fits = (Duration::from_secs(1)..=Duration::from_secs(8)).contains(&retry_after);
    assert!(fits, "{retry_after:?}");
    assert_eq!(rejected.headers()["retry-after"], retry_after.as_secs().to_string());
    assert_eq!(rejected.body(), fixtures::rejection_body::UNAVAILABLE);
}

fn metadata_requests(authorization_server: &AuthorizationServer) -> usize {
    authorization_server.requests(Endpoint::Metadata).len()
}

#[tokio::test]
async fn a_server_starts_while_its_authorization_server_is_down_and_recovers_by_itself() {
    // R-C12, R-L2
    let log = LogCapture::default();
    let _guard = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let token = token(&authorization_server);
    authorization_server.stop().await.unwrap();
    let server = config(authorization_server.issuer()).build().await.unwrap();
    let warnings = warned(&log);
    let [line] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(
        line.starts_with("discovery failed") && line.contains(authorization_server.issuer()),
        "{line}"
    );
    assert!(line.contains("cannot be reached") && line.contains("os error"), "{line}");
    let rejected = authorize(&server, &token).await.unwrap_err();
    assert_unavailable(&rejected);
    let line = warned(&log).pop().unwrap();
    assert!(line.contains("cause=the introspection endpoint is not discovered yet"), "{line}");
    assert!(line.contains("cannot be reached"), "{line}");

    authorization_server.restart().await.unwrap();
    let recovery = async {
        loop {
            match authorize(&server, &token).await {
                Ok(caller) => break caller,
                Err(rejected) => assert_unavailable(&rejected),
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(timeout(TIMEOUT, recovery).await.unwrap().subject(), Some("alice"));
}

#[tokio::test]
async fn attempts_are_spaced_however_many_requests_there_are() {
    // R-C12
    let clock = ManualClock::new();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server =
        server(&authorization_server, client(&authorization_server, &clock).build().unwrap());
    let token = token(&authorization_server);
    for fault in [Fault::status(503), Fault::status(404), Fault::html(), Fault::reset()] {
        authorization_server.fault(fault.at(Endpoint::Metadata));
        let before = metadata_requests(&authorization_server);
        assert_unavailable(&authorize(&server, &token).await.unwrap_err());
        let one_attempt = metadata_requests(&authorization_server);
        assert!((1..=2).contains(&(one_attempt - before)));
        for number in 0..50 {
            assert_unavailable(
                &authorize(&server, &format!("garbage.{number}")).await.unwrap_err(),
            );
        }
        clock.advance(Duration::from_millis(100));
        assert_unavailable(&authorize(&server, &token).await.unwrap_err());
        assert_eq!(metadata_requests(&authorization_server), one_attempt);
        clock.advance(DELAY);
    }
    assert_eq!(authorization_server.introspections(), 0, "no token goes anywhere before");
    authorization_server.clear_faults();
    assert_eq!(authorize(&server, &token).await.unwrap().subject(), Some("alice"));
    let discovered = metadata_requests(&authorization_server);
    clock.advance(Duration::from_secs(599));
    assert_eq!(authorize(&server, &token).await.unwrap().subject(), Some("alice"));
    assert_eq!(metadata_requests(&authorization_server), discovered, "once is enough");
}

/// An issuer whose metadata a test changes, and its number of requests.
async fn changing_metadata() -> (String, Arc<Mutex<Value>>, Arc<AtomicUsize>) {
    let (document, requests) = (Arc::new(Mutex::new(Value::Null)), Arc::new(AtomicUsize::new(0)));
    let (own, count) = (Arc::clone(&document), Arc::clone(&requests));
    let respond = move || async move {
        count.fetch_add(1, Ordering::SeqCst);
        let document = own.lock().unwrap().clone();
        let down = document.is_null().then_some(StatusCode::SERVICE_UNAVAILABLE);
        (down.unwrap_or_default(), Json(document))
    };
    let router = Router::new().route("/.well-known/oauth-authorization-server", get(respond));
    (format!("http://{}", serve(router).await), document, requests)
}

/// Yields until the condition holds.
async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    timeout(TIMEOUT, wait).await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_moves_is_followed_and_a_failed_refresh_keeps_it() {
    // R-C8, R-C12
    let log = LogCapture::default();
    let _guard = log.start();
    let clock = ManualClock::new();
    let (old, new) = (AuthorizationServer::start().await, AuthorizationServer::start().await);
    let (old, new) = (old.unwrap(), new.unwrap());
    let (old_token, new_token) = (token(&old), token(&new));
    let (issuer, metadata, requests) = changing_metadata().await;
    let set = |issuer: &str, server: &AuthorizationServer| {
        *metadata.lock().unwrap() =
            json!({ "issuer": issuer, "introspection_endpoint": server.introspection_url() });
    };
    let requests = || requests.load(Ordering::SeqCst);
    let client = Introspection::from_issuer(&issuer).clock(clock.clone()).build().unwrap();
    let builder = ResourceServer::builder(RESOURCE).authorization_servers([issuer.as_str()]);
    let server = builder.resolver(client).build().unwrap();
    let runs = async |token: &str| authorize(&server, token).await.is_ok();

    set(&issuer, &old);
    assert!(runs(&old_token).await);
    set(&issuer, &new);
    clock.advance(Duration::from_secs(599));
    assert!(!runs(&new_token).await);
    assert_eq!(requests(), 1);
    clock.advance(Duration::from_secs(1));
    // It does not wait for the refresh, which is in the background.
    assert!(runs(&old_token).await || requests() == 2);
    let followed = async { while !runs(&new_token).await {} };
    timeout(TIMEOUT, followed).await.unwrap();
    assert_eq!(requests(), 2);

    // The metadata of another issuer.
    set("https://other.example", &old);
    clock.advance(Duration::from_secs(600));
    assert!(runs(&new_token).await);
    until(|| warned(&log).iter().any(|line| line.contains("https://other.example"))).await;
    let line = warned(&log).pop().unwrap();
    assert!(
        line.contains(&issuer) && line.contains("endpoint=\"the last one stays in use\""),
        "{line}"
    );
    assert!(runs(&new_token).await && !runs(&old_token).await);
    assert_eq!(requests(), 3);

    // No metadata.
    *metadata.lock().unwrap() = Value::Null;
    clock.advance(DELAY);
    assert!(runs(&new_token).await);
    until(|| warned(&log).iter().any(|line| line.contains("503"))).await;
    assert!(runs(&new_token).await && !runs(&old_token).await);
    assert_eq!(requests(), 4, "the next attempt is delayed");

    set(&issuer, &old);
    clock.advance(DELAY);
    let followed = async { while !runs(&old_token).await {} };
    timeout(TIMEOUT, followed).await.unwrap();
    assert_eq!(requests(), 5);
}

#[tokio::test]
async fn concurrent_requests_share_one_attempt_and_its_failure() {
    // R-C12
    let clock = ManualClock::new();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = client(&authorization_server, &clock).request_timeout(Duration::from_secs(2));
    let server = server(&authorization_server, client.build().unwrap());
    let token = token(&authorization_server);
    let requests = || {
        let authorize = |_| {
            let (server, token) = (server.clone(), token.clone());
            tokio::spawn(async move { authorize(&server, &token).await })
        };
        (0..50).map(authorize).collect::<Vec<_>>()
    };
    authorization_server.fault(Fault::hang().at(Endpoint::Metadata));
    let start = Instant::now();
    for caller in requests() {
        assert_unavailable(&caller.await.unwrap().unwrap_err());
    }
    assert!(
        start.elapsed() < Duration::from_secs(2) + TOLERANCE,
        "within the deadline, all of them"
    );
    assert_eq!(metadata_requests(&authorization_server), 1);

    clock.advance(DELAY);
    authorization_server.clear_faults();
    authorization_server.fault(Fault::delay(Duration::from_millis(50)).at(Endpoint::Metadata));
    for caller in requests() {
        assert_eq!(caller.await.unwrap().unwrap().subject(), Some("alice"));
    }
    assert_eq!(metadata_requests(&authorization_server), 2);
}

#[tokio::test]
async fn the_requests_that_wait_for_an_attempt_are_bounded() {
    // R-C9, R-C12
    let clock = ManualClock::new();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = client(&authorization_server, &clock)
        .max_in_flight(2)
        .request_timeout(Duration::from_secs(1));
    let server = server(&authorization_server, client.build().unwrap());
    let token = token(&authorization_server);
    authorization_server.fault(Fault::hang().at(Endpoint::Metadata));
    let start = Instant::now();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (server, token) = (server.clone(), token.clone());
            tokio::spawn(async move { authorize(&server, &token).await })
        })
        .collect();
    let mut crowded = 0;
    for caller in callers {
        let rejected = caller.await.unwrap().unwrap_err();
        assert_unavailable(&rejected);
        let source = std::error::Error::source(&rejected).unwrap().to_string();
        crowded += usize::from(source.starts_with("too many requests wait"));
    }
    assert_eq!(crowded, 48);
    assert!(start.elapsed() < Duration::from_secs(1) + TOLERANCE);
    assert_eq!(metadata_requests(&authorization_server), 1);
}

#[tokio::test]
async fn a_cancelled_request_does_not_cancel_the_attempt() {
    // R-C12
    let clock = ManualClock::new();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server =
        server(&authorization_server, client(&authorization_server, &clock).build().unwrap());
    let token = token(&authorization_server);
    authorization_server.fault(Fault::delay(Duration::from_millis(200)).at(Endpoint::Metadata));
    let first = tokio::spawn({
        let (server, token) = (server.clone(), token.clone());
        async move { authorize(&server, &token).await }
    });
    while metadata_requests(&authorization_server) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(authorize(&server, &token).await.unwrap().subject(), Some("alice"));
    assert_eq!(metadata_requests(&authorization_server), 1);
}

/// A clock whose clones can be counted, so that the test sees when the last one is dropped. `ManualClock` does
/// not count its clones.
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
    let authorization_server = AuthorizationServer::start().await.unwrap();
    authorization_server.fault(Fault::hang().at(Endpoint::Metadata));
    let client = Introspection::from_issuer(authorization_server.issuer())
        .request_timeout(Duration::from_secs(3600))
        .clock(Held(Arc::clone(&held)));
    let server = server(&authorization_server, client.build().unwrap());
    let caller = tokio::spawn(async move { authorize(&server, "token").await });
    while metadata_requests(&authorization_server) == 0 {
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
async fn a_configuration_error_at_start_names_values_and_settings() {
    // R-C8, R-C12
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let issuer = authorization_server.issuer();
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
        authorization_server.fault(fault.at(Endpoint::Metadata));
        let error = config(issuer).build().await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(format!("{error:?}"), expected, "what `main` prints");
        let SetupError::Discovery(error) = error else { panic!("{error}") };
        assert!(error.is_definitive());
        assert_eq!(Introspection::discover(issuer).await.unwrap_err().to_string(), expected);
    }
    assert_eq!(authorization_server.introspections(), 0);
}

#[tokio::test]
async fn a_temporary_failure_is_no_error_at_start() {
    // R-C12
    let authorization_server = AuthorizationServer::start().await.unwrap();
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
        authorization_server.fault(fault.at(Endpoint::Metadata));
        let server = config(authorization_server.issuer()).build().await.unwrap();
        assert_unavailable(&authorize(&server, &token(&authorization_server)).await.unwrap_err());
    }
    assert_eq!(authorization_server.introspections(), 0);
}

#[tokio::test]
async fn a_configuration_error_that_is_found_later_is_an_outage_and_logged() {
    // R-C8, R-C12
    let log = LogCapture::default();
    let _guard = log.start();
    let clock = ManualClock::new();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = client(&authorization_server, &clock).build().unwrap();
    authorization_server.fault_once(Fault::status(503).at(Endpoint::Metadata));
    client.discover_at_start().await.unwrap();
    let server = server(&authorization_server, client);
    let other = json!({"issuer": "https://evil.example", "introspection_endpoint": "https://evil.example/i"});
    authorization_server.fault(Fault::json(other).at(Endpoint::Metadata));
    clock.advance(DELAY);
    let token = token(&authorization_server);
    let rejected = authorize(&server, &token).await.unwrap_err();
    assert_unavailable(&rejected);
    let line = log.lines().into_iter().find(|line| line.contains("ERROR")).unwrap();
    for value in ["https://evil.example", authorization_server.issuer(), "REQUIRES_AUTH_ISSUER"] {
        assert!(line.contains(value), "{line}");
        assert!(!format!("{:?}{}", rejected.headers(), rejected.body()).contains(value));
    }
    // The error is corrected at the authorization server.
    authorization_server.clear_faults();
    clock.advance(DELAY);
    assert_eq!(authorize(&server, &token).await.unwrap().subject(), Some("alice"));
}

#[tokio::test]
async fn the_cache_namespace_does_not_depend_on_the_discovery() {
    // R-E2: the keys of a cache contain the namespace, before and after the discovery.
    let clock = ManualClock::new();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let resolver = |client: IntrospectionBuilder| client.build().unwrap();
    let one = resolver(client(&authorization_server, &clock));
    let before = one.cache_namespace();
    one.discover_at_start().await.unwrap();
    assert_eq!(one.cache_namespace(), before);
    assert_eq!(
        resolver(client(&authorization_server, &clock)).cache_namespace(),
        before,
        "that of another instance"
    );
    for other in [
        Introspection::builder(authorization_server.introspection_url()),
        Introspection::builder(authorization_server.issuer()),
        Introspection::from_issuer(format!("{}/", authorization_server.issuer())),
        client(&authorization_server, &clock).client_secret_basic("journal", "secret"),
    ] {
        assert_ne!(resolver(other).cache_namespace(), before);
    }

    let server =
        server(&authorization_server, Cached::new(resolver(client(&authorization_server, &clock))));
    let token = token(&authorization_server);
    authorization_server.fault_once(Fault::status(503).at(Endpoint::Metadata));
    assert_unavailable(&authorize(&server, &token).await.unwrap_err());
    clock.advance(DELAY);
    for _ in 0..3 {
        assert_eq!(authorize(&server, &token).await.unwrap().subject(), Some("alice"));
    }
    assert_eq!(authorization_server.introspections(), 1);
}

#[tokio::test]
async fn a_localhost_name_is_not_looked_up() {
    // R-C3: DNS here does not have this name, and elsewhere may have another address for it. The server
    // responds with 421 to a host that it does not serve, so that status shows that it was reached.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let elsewhere = |url: &str| url.replace("127.0.0.1", "no-such-name.localhost");
    let endpoint = elsewhere(authorization_server.introspection_url());
    let server = server(&authorization_server, Introspection::builder(endpoint).build().unwrap());
    let rejected = authorize(&server, &token(&authorization_server)).await.unwrap_err();
    assert!(format!("{rejected:?}").contains("421"), "{rejected:?}");
    let error =
        Introspection::discover(&elsewhere(authorization_server.issuer())).await.unwrap_err();
    let SetupError::Discovery(DiscoveryError::NotFound { places, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(places.map(|(_, status)| status), [421, 421]);
}
