//! Each fault of the authorization server is an outage for the caller, within the request timeout, and no
//! secret is logged.

use std::time::{Duration, Instant};

use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::{ActiveAs, AuthorizationServer, Fault};

use crate::service::Service;
use crate::{assert_ran, assert_server_error};

/// The request timeout in these tests. The default has a test of its own.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(400);

/// The delay that a busy machine may add. It only bounds a test that would otherwise hang.
const TOLERANCE: Duration = Duration::from_secs(4);

#[tokio::test]
async fn every_fault_is_an_outage_within_the_request_timeout() {
    // R-B1, R-C4, R-C5, R-D1, R-D2
    let elsewhere = AuthorizationServer::start().await.unwrap();
    let canary = "upstream-canary";
    for (name, fault) in [
        ("hanging", Fault::hang()),
        ("slow", Fault::delay(Duration::from_secs(60))),
        ("dripping", Fault::drip(Duration::from_millis(20))),
        ("redirecting", Fault::redirect(elsewhere.introspection_url())),
        ("307", Fault::status(307).header("location", elsewhere.introspection_url())),
        ("400", Fault::status(400).with_body("text/plain", canary)),
        ("404", Fault::status(404)),
        ("429", Fault::status(429)),
        ("500", Fault::status(500).with_body("text/plain", canary)),
        ("502", Fault::status(502)),
        ("HTML", Fault::html()),
        ("text", Fault::body("text/plain", canary)),
        ("JSON that is no answer", Fault::json(serde_json::json!([canary]))),
        ("huge", Fault::huge_body(64 * 1024 + 1)),
        ("very huge", Fault::huge_body(50 * 1024 * 1024)),
        ("endless", Fault::endless_body()),
        ("a compressed bomb", Fault::gzip_bomb(100 * 1024 * 1024)),
        ("a small compressed answer", Fault::gzip_bomb(10)),
        ("truncated", Fault::truncated()),
        ("closing", Fault::close()),
        ("resetting", Fault::reset()),
        ("active as text", Fault::active(ActiveAs::Text)),
        ("active as a number", Fault::active(ActiveAs::Number)),
        ("active as null", Fault::active(ActiveAs::Null)),
        ("active absent", Fault::active(ActiveAs::Absent)),
        ("active repeated", Fault::active(ActiveAs::Repeated)),
    ] {
        let service =
            Service::with(|client| client.request_timeout(REQUEST_TIMEOUT), |it| it).await;
        service.authorization_server.fault(fault);
        let token = service.token("read");
        let start = Instant::now();
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        let took = start.elapsed();
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
        assert!(took < REQUEST_TIMEOUT + TOLERANCE, "{name}: {took:?}");
        assert!(!response.text().contains(canary) && !response.text().contains(&token), "{name}");
        assert_eq!(service.runs(), 0, "{name}");

        service.authorization_server.clear_faults();
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_ran(&response, "alice may");
    }
    assert_eq!(elsewhere.introspections(), 0, "redirects are not followed");
}

#[tokio::test]
async fn a_stopped_server_is_an_outage_until_it_is_restarted() {
    // R-B1, R-L2
    let service = Service::start().await;
    let token = service.token("read");
    let send = || Request::get("/read").bearer(&token).send(service.address);
    assert_ran(&send().await, "alice may");
    service.authorization_server.stop().await.unwrap();
    assert_server_error(&send().await, 503, body::UNAVAILABLE, Some("5"));
    service.authorization_server.restart().await.unwrap();
    assert_ran(&send().await, "alice may");
}

#[tokio::test]
async fn the_default_request_timeout_is_five_seconds() {
    // R-C5
    let service = Service::start().await;
    service.authorization_server.fault(Fault::hang());
    let start = Instant::now();
    let response = Request::get("/read").bearer("t").send(service.address).await;
    assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    let took = start.elapsed();
    assert!(
        took >= Duration::from_secs(5) && took < Duration::from_secs(5) + TOLERANCE,
        "{took:?}"
    );
}

#[tokio::test]
async fn a_response_of_exactly_the_maximum_length_is_read() {
    // R-C5
    let service = Service::start().await;
    let right = r#"{"active":true,"aud":"https://api.example/v1","scope":"read","sub":"alice"}"#;
    let padded = |length: usize| format!("{right}{}", " ".repeat(length - right.len()));
    for (length, status) in [(64 * 1024, 200), (64 * 1024 + 1, 503)] {
        let token = service.token_with_response(padded(length));
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_eq!(response.status, status, "{length}");
    }
}

#[tokio::test]
async fn a_response_with_a_content_encoding_is_rejected() {
    // R-C5: also one whose bytes are a valid response without decoding.
    let service = Service::start().await;
    let right = r#"{"active":true,"aud":"https://api.example/v1","scope":"read","sub":"alice"}"#;
    let fault = Fault::body("application/json", right);
    service.authorization_server.fault_once(fault.clone());
    let send = || Request::get("/read").bearer("token").send(service.address);
    assert_ran(&send().await, "alice may");
    service.authorization_server.fault_once(fault.header("content-encoding", "gzip"));
    assert_server_error(&send().await, 503, body::UNAVAILABLE, Some("5"));
}

#[tokio::test]
async fn no_secret_is_logged() {
    // R-A6, R-C3, R-B5
    let log = LogCapture::default();
    let _guard = log.start();
    let server = AuthorizationServer::builder().client("journal", "secret-canary").start().await;
    let service = Service::with_authorization_server(
        server.unwrap(),
        |client| {
            client.client_secret_basic("journal", "secret-canary").request_timeout(REQUEST_TIMEOUT)
        },
        |it| it,
    )
    .await;
    let token = service.token("read");
    let send = |token: &str| Request::get("/read").bearer(token).send(service.address);
    assert_ran(&send(&token).await, "alice may");
    send("token-canary").await;
    Request::get("/read")
        .header("authorization", "Bearer token-canary {}")
        .send(service.address)
        .await;
    Request::get("/read-write").bearer(&token).send(service.address).await;
    for fault in [
        Fault::status(500).with_body("text/plain", "upstream-canary"),
        Fault::body("application/json", "{\"active\":\"upstream-canary\"}"),
        Fault::status(401).with_body("text/plain", "upstream-canary"),
        Fault::hang(),
        Fault::reset(),
    ] {
        service.authorization_server.fault(fault);
        send(&token).await;
        send("token-canary").await;
    }
    service.authorization_server.stop().await.unwrap();
    send(&token).await;

    let lines = log.lines();
    assert!(lines.len() >= 14, "every rejection is logged:\n{}", lines.join("\n"));
    for line in &lines {
        let leaks = line.contains("canary") || line.contains(&token);
        assert!(!leaks, "{line}");
    }
    let last = lines.last().unwrap();
    assert!(last.contains("os error"), "the cause of an outage is told to the last: {last}");
}
