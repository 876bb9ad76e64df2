//! R-C10: the circuit breaker opens after repeated failures, and closes when the server recovers.

use std::time::{Duration, Instant};

use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::IntrospectionBuilder;
use requires_auth::testing::{Fault, ManualClock};

use crate::service::Service;
use crate::{assert_challenged, assert_ran, assert_server_error};

/// The `Retry-After` of a rejection by the open breaker, in whole seconds.
const RETRY_AFTER_1: Option<&str> = Some("1");

async fn send(service: &Service, token: &str) -> Response {
    Request::get("/read").bearer(token).send(service.address).await
}

/// Sends five requests, the number of failures that opens the breaker.
async fn open_breaker(service: &Service, token: &str) {
    for _ in 0..5 {
        assert_server_error(&send(service, token).await, 503, body::UNAVAILABLE, Some("5"));
    }
}

#[tokio::test]
async fn an_open_breaker_sends_nothing_until_a_probe_succeeds() {
    // R-C10, R-L2
    let (service, clock) = start(IntrospectionBuilder::without_retry).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::status(500));
    open_breaker(&service, &token).await;
    for _ in 0..20 {
        assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, RETRY_AFTER_1);
    }
    assert_eq!(service.introspection_requests(), 5, "nobody asks");

    service.authorization_server.clear_faults();
    assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, RETRY_AFTER_1);
    clock.advance(Duration::from_millis(500));
    assert_ran(&send(&service, &token).await, "alice may");
    assert_ran(&send(&service, &token).await, "alice may");
    assert_eq!(
        service.introspection_requests(),
        7,
        "the first request is the probe, and it succeeds"
    );
}

#[tokio::test]
async fn the_breaker_closes_within_a_second_of_the_restart() {
    // R-C10, R-L2: with the clock of the system and the defaults.
    let service = Service::start().await;
    let token = service.token("read");
    service.authorization_server.stop().await.unwrap();
    open_breaker(&service, &token).await;
    service.authorization_server.restart().await.unwrap();
    let (returned, requests_before) = (Instant::now(), service.introspection_requests());
    while send(&service, &token).await.status != 200 {
        assert!(returned.elapsed() < Duration::from_secs(1), "{:?}", returned.elapsed());
    }
    assert_eq!(
        service.introspection_requests(),
        requests_before + 1,
        "the probe was the first to succeed"
    );
}

#[tokio::test]
async fn one_of_a_hundred_concurrent_requests_is_the_probe() {
    // R-C10
    let (service, clock) = start(|client| client).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::close());
    open_breaker(&service, &token).await;
    let requests_before = service.introspection_requests();
    for fault in [Fault::status(502), Fault::close(), Fault::hang()] {
        service.authorization_server.clear_faults();
        service.authorization_server.fault(fault);
        let before = service.introspection_requests();
        clock.advance(Duration::from_millis(500));
        let callers: Vec<_> = (0..100)
            .map(|_| tokio::spawn(Request::get("/read").bearer(&token).send(service.address)))
            .collect();
        for caller in callers {
            let response = caller.await.unwrap();
            assert_eq!((response.status, response.body.as_str()), (503, body::UNAVAILABLE));
        }
        assert_eq!(service.introspection_requests(), before + 1, "no retry either");
    }
    assert_eq!(service.introspection_requests(), requests_before + 3);
}

#[tokio::test]
async fn a_cancelled_probe_is_followed_by_another() {
    // R-C10, R-L2
    let (service, clock) = start(|client| client).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::status(500));
    open_breaker(&service, &token).await;
    service.authorization_server.clear_faults();
    service.authorization_server.fault_once(Fault::hang());
    clock.advance(Duration::from_millis(500));
    let requests_before = service.introspection_requests();
    let probe = tokio::spawn(Request::get("/read").bearer(&token).send(service.address));
    while service.introspection_requests() == requests_before {
        tokio::task::yield_now().await;
    }
    probe.abort();
    assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, RETRY_AFTER_1);
    clock.advance(Duration::from_millis(500));
    assert_ran(&send(&service, &token).await, "alice may");
}

#[tokio::test]
async fn a_flapping_server_is_used_whenever_it_is_up() {
    // R-C10, R-L2
    let (service, clock) = start(IntrospectionBuilder::without_retry).await;
    let token = service.token("read");
    for _ in 0..3 {
        service.authorization_server.fault(Fault::status(503));
        open_breaker(&service, &token).await;
        assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, RETRY_AFTER_1);
        clock.advance(Duration::from_millis(500));
        // The probe fails, so the breaker stays open for another interval.
        assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
        assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, RETRY_AFTER_1);
        service.authorization_server.clear_faults();
        clock.advance(Duration::from_millis(500));
        for _ in 0..3 {
            assert_ran(&send(&service, &token).await, "alice may");
        }
    }
}

#[tokio::test]
async fn inactive_tokens_and_rejected_credentials_do_not_open_the_breaker() {
    // R-C10: nor do responses that the token causes, or configuration errors of this server.
    let (service, _) = start(|client| client.max_in_flight(1)).await;
    let token = service.token("read");
    for _ in 0..10 {
        assert_challenged(&send(&service, "unknown").await, 401, body::INVALID_TOKEN, "read");
    }
    for (fault, status) in [(400, 503), (413, 503), (401, 500), (403, 500)] {
        service.authorization_server.fault(Fault::status(fault));
        for _ in 0..10 {
            assert_eq!(send(&service, &token).await.status, status);
        }
        service.authorization_server.clear_faults();
        assert_ran(&send(&service, &token).await, "alice may");
    }

    service.authorization_server.fault_once(Fault::delay(Duration::from_millis(300)));
    let requests_before = service.introspection_requests();
    let slow = tokio::spawn(Request::get("/read").bearer(&token).send(service.address));
    while service.introspection_requests() == requests_before {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, RETRY_AFTER_1);
    }
    assert_ran(&slow.await.unwrap(), "alice may");
    assert_ran(&send(&service, &token).await, "alice may");
}

#[tokio::test]
async fn a_pause_by_retry_after_counts_as_one_failure() {
    // R-C10, R-C7
    let (service, clock) = start(IntrospectionBuilder::without_retry).await;
    let token = service.token("read");
    let fault = Fault::status(503).header("retry-after", "3");
    service.authorization_server.fault_once(fault);
    for _ in 0..10 {
        assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, Some("3"));
    }
    clock.advance(Duration::from_secs(3));
    service.authorization_server.fault_once(Fault::status(500));
    assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
    assert_ran(&send(&service, &token).await, "alice may");
    assert_eq!(service.introspection_requests(), 3);
}

#[tokio::test]
async fn without_a_circuit_breaker_every_request_is_sent() {
    // R-C10
    let (service, _) = start(|client| client.without_circuit_breaker().without_retry()).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::status(500));
    for _ in 0..20 {
        assert_server_error(&send(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
    }
    assert_eq!(service.introspection_requests(), 20);
}

async fn start(
    settings: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
) -> (Service, ManualClock) {
    let clock = ManualClock::new();
    let shared = clock.clone();
    // A probe without a response times out soon, because the tests wait for it.
    let client = |client: IntrospectionBuilder| {
        settings(client).clock(shared).request_timeout(Duration::from_millis(1500))
    };
    (Service::with(client, |server| server).await, clock)
}
