//! R-C10: an authorization server that keeps failing is left alone, and noticed when it is back.

use std::time::{Duration, Instant};

use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::IntrospectionBuilder;
use requires_auth::testing::{Fault, ManualClock};

use crate::service::Service;
use crate::{assert_challenged, assert_ran, assert_server_error};

/// Whole seconds, as `Retry-After` has them.
const SOON: Option<&str> = Some("1");

async fn ask(service: &Service, token: &str) -> Response {
    Request::get("/read").bearer(token).send(service.address).await
}

/// Fails five times, as often as it takes.
async fn open(service: &Service, token: &str) {
    for _ in 0..5 {
        assert_server_error(&ask(service, token).await, 503, body::UNAVAILABLE, Some("5"));
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_left_alone_and_found_by_the_first_request_after() {
    // R-C10, R-L2
    let (service, clock) = start(IntrospectionBuilder::without_retry).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::status(500));
    open(&service, &token).await;
    for _ in 0..20 {
        assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, SOON);
    }
    assert_eq!(service.exchanges(), 5, "nobody asks");

    service.authorization_server.clear_faults();
    assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, SOON);
    clock.advance(Duration::from_millis(500));
    assert_ran(&ask(&service, &token).await, "alice may");
    assert_ran(&ask(&service, &token).await, "alice may");
    assert_eq!(service.exchanges(), 7, "the first request is the probe, and it succeeds");
}

#[tokio::test]
async fn a_server_that_is_gone_is_found_within_a_second_of_its_return() {
    // R-C10, R-L2: by the clock of the machine, with the defaults.
    let service = Service::start().await;
    let token = service.token("read");
    service.authorization_server.stop().await.unwrap();
    open(&service, &token).await;
    service.authorization_server.restart().await.unwrap();
    let (returned, asked) = (Instant::now(), service.exchanges());
    while ask(&service, &token).await.status != 200 {
        assert!(returned.elapsed() < Duration::from_secs(1), "{:?}", returned.elapsed());
    }
    assert_eq!(service.exchanges(), asked + 1, "the probe was the first to succeed");
}

#[tokio::test]
async fn of_a_hundred_callers_at_once_one_is_the_probe() {
    // R-C10
    let (service, clock) = start(|client| client).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::close());
    open(&service, &token).await;
    let asked = service.exchanges();
    for fault in [Fault::status(502), Fault::close(), Fault::hang()] {
        service.authorization_server.clear_faults();
        service.authorization_server.fault(fault);
        let before = service.exchanges();
        clock.advance(Duration::from_millis(500));
        let callers: Vec<_> = (0..100)
            .map(|_| tokio::spawn(Request::get("/read").bearer(&token).send(service.address)))
            .collect();
        for caller in callers {
            let answer = caller.await.unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (503, body::UNAVAILABLE));
        }
        assert_eq!(service.exchanges(), before + 1, "no retry either");
    }
    assert_eq!(service.exchanges(), asked + 3);
}

#[tokio::test]
async fn a_probe_whose_caller_goes_away_is_followed_by_another() {
    // R-C10, R-L2
    let (service, clock) = start(|client| client).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::status(500));
    open(&service, &token).await;
    service.authorization_server.clear_faults();
    service.authorization_server.fault_once(Fault::hang());
    clock.advance(Duration::from_millis(500));
    let asked = service.exchanges();
    let probe = tokio::spawn(Request::get("/read").bearer(&token).send(service.address));
    while service.exchanges() == asked {
        tokio::task::yield_now().await;
    }
    probe.abort();
    assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, SOON);
    clock.advance(Duration::from_millis(500));
    assert_ran(&ask(&service, &token).await, "alice may");
}

#[tokio::test]
async fn a_server_that_flaps_is_asked_whenever_it_is_up() {
    // R-C10, R-L2
    let (service, clock) = start(IntrospectionBuilder::without_retry).await;
    let token = service.token("read");
    for _ in 0..3 {
        service.authorization_server.fault(Fault::status(503));
        open(&service, &token).await;
        assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, SOON);
        clock.advance(Duration::from_millis(500));
        // The probe fails, and so there is another period.
        assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
        assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, SOON);
        service.authorization_server.clear_faults();
        clock.advance(Duration::from_millis(500));
        for _ in 0..3 {
            assert_ran(&ask(&service, &token).await, "alice may");
        }
    }
}

#[tokio::test]
async fn no_token_opens_it_and_no_secret_either() {
    // R-C10: inactive tokens, answers that a token provokes, and our own mistakes.
    let (service, _) = start(|client| client.max_in_flight(1)).await;
    let token = service.token("read");
    for _ in 0..10 {
        assert_challenged(&ask(&service, "unknown").await, 401, body::INVALID_TOKEN, "read");
    }
    for (fault, status) in [(400, 503), (413, 503), (401, 500), (403, 500)] {
        service.authorization_server.fault(Fault::status(fault));
        for _ in 0..10 {
            assert_eq!(ask(&service, &token).await.status, status);
        }
        service.authorization_server.clear_faults();
        assert_ran(&ask(&service, &token).await, "alice may");
    }

    service.authorization_server.fault_once(Fault::delay(Duration::from_millis(300)));
    let asked = service.exchanges();
    let slow = tokio::spawn(Request::get("/read").bearer(&token).send(service.address));
    while service.exchanges() == asked {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, SOON);
    }
    assert_ran(&slow.await.unwrap(), "alice may");
    assert_ran(&ask(&service, &token).await, "alice may");
}

#[tokio::test]
async fn a_pause_that_the_server_asks_for_is_one_failure_however_often_it_is_met() {
    // R-C10, R-C7
    let (service, clock) = start(IntrospectionBuilder::without_retry).await;
    let token = service.token("read");
    let fault = Fault::status(503).header("retry-after", "3");
    service.authorization_server.fault_once(fault);
    for _ in 0..10 {
        assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, Some("3"));
    }
    clock.advance(Duration::from_secs(3));
    service.authorization_server.fault_once(Fault::status(500));
    assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
    assert_ran(&ask(&service, &token).await, "alice may");
    assert_eq!(service.exchanges(), 3);
}

#[tokio::test]
async fn without_it_every_request_asks() {
    // R-C10
    let (service, _) = start(|client| client.without_circuit_breaker().without_retry()).await;
    let token = service.token("read");
    service.authorization_server.fault(Fault::status(500));
    for _ in 0..20 {
        assert_server_error(&ask(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
    }
    assert_eq!(service.exchanges(), 20);
}

async fn start(
    settings: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
) -> (Service, ManualClock) {
    let clock = ManualClock::new();
    let shared = clock.clone();
    // The probe that hangs is given up soon, since nobody else is waiting for it.
    let client = |client: IntrospectionBuilder| {
        settings(client).clock(shared).request_timeout(Duration::from_millis(1500))
    };
    (Service::with(client, |server| server).await, clock)
}
