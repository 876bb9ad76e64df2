//! R-C: the introspection requests to the authorization server.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Fault, ManualClock};
use requires_auth::{
    Cached, Condition, Introspection, ResourceServer, Secret, TokenSource, UnavailableError,
};

use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran, assert_server_error, head};

/// Characters that a form encodes, and the colon, which separates the two in Basic authentication.
const ID: &str = "journal: 50%+ä&b";
const SECRET: &str = "s:e/c r+e%t=ü&";

#[tokio::test]
async fn an_introspection_request_is_a_form_with_the_token_and_its_hint() {
    // R-C1, R-C4
    let service = Service::start().await;
    let token = service.token("read");
    let response = Request::get("/read?access_token=query-canary")
        .bearer(&token)
        .header("cookie", "session=cookie-canary")
        .header("x-forwarded-for", "203.0.113.7")
        .header("proxy-authorization", "Basic cHJveHk=")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .send(service.address)
        .await;
    assert_ran(&response, "alice may");

    let introspection_request = service.authorization_server.last_introspection().unwrap();
    assert_eq!(
        (
            introspection_request.method(),
            introspection_request.path(),
            introspection_request.query()
        ),
        ("POST", "/introspect", None)
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("token", &token), pair("token_type_hint", "access_token")];
    assert_eq!(introspection_request.form(), expected);
    let mut names: Vec<&str> =
        introspection_request.headers().keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let sent = ["accept", "content-length", "content-type", "host", "user-agent"];
    assert_eq!(names, sent, "nothing of the caller's is forwarded");
    assert_eq!(introspection_request.header("accept"), Some("application/json"));
    assert_eq!(
        introspection_request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
}

#[tokio::test]
async fn client_id_and_secret_are_form_encoded_for_client_secret_basic() {
    // R-C2
    let server = AuthorizationServer::builder().client(ID, SECRET).start().await.unwrap();
    let service = Service::with_authorization_server(
        server,
        |client| client.client_secret_basic(ID, SECRET),
        |it| it,
    )
    .await;
    let token = service.token("read");
    assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
    let introspection_request = service.authorization_server.last_introspection().unwrap();
    // base64("journal%3A+50%25%2B%C3%A4%26b:s%3Ae%2Fc+r%2Be%25t%3D%C3%BC%26")
    let expected = "Basic am91cm5hbCUzQSs1MCUyNSUyQiVDMyVBNCUyNmI6cyUzQWUlMkZjK3IlMkJlJTI1dCUzRCVDMyVCQyUyNg==";
    assert_eq!(introspection_request.header("authorization"), Some(expected));
    assert_eq!(introspection_request.form().len(), 2, "the secret is not in the form as well");
}

#[tokio::test]
async fn client_id_and_secret_are_form_parameters_for_client_secret_post() {
    // R-C2
    let server = AuthorizationServer::builder().client(ID, SECRET).start().await.unwrap();
    let service = Service::with_authorization_server(
        server,
        |client| client.client_secret_post(ID, SECRET),
        |it| it,
    )
    .await;
    let token = service.token("read");
    assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
    let introspection_request = service.authorization_server.last_introspection().unwrap();
    assert_eq!(introspection_request.header("authorization"), None);
    assert_eq!(introspection_request.param("client_id").as_deref(), Some(ID));
    assert_eq!(introspection_request.param("client_secret").as_deref(), Some(SECRET));
}

#[tokio::test]
async fn the_token_source_is_called_for_each_introspection_request() {
    // R-C2
    struct Rotating(AtomicUsize);
    impl TokenSource for Rotating {
        async fn token(&self) -> Result<Secret, UnavailableError> {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(Secret::from("first")),
                1 => Ok(Secret::from("second")),
                _ => Err(UnavailableError::new("no token to introspect with")),
            }
        }
    }
    let server = AuthorizationServer::builder()
        .introspection_bearer("first")
        .introspection_bearer("second")
        .start()
        .await
        .unwrap();
    let rotating = Rotating(AtomicUsize::new(0));
    let service = Service::with_authorization_server(
        server,
        |client| client.bearer_source(rotating),
        |it| it,
    )
    .await;
    let token = service.token("read");
    for expected in ["Bearer first", "Bearer second"] {
        assert_ran(&Request::get("/read").bearer(&token).send(service.address).await, "alice may");
        let introspection_request = service.authorization_server.last_introspection().unwrap();
        assert_eq!(introspection_request.header("authorization"), Some(expected));
    }
    let response = Request::get("/read").bearer(&token).send(service.address).await;
    assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    assert_eq!(service.introspection_requests(), 2);
}

#[tokio::test]
async fn rejected_client_credentials_are_a_500() {
    // R-D1, R-B1
    for (id, secret) in [("journal", "wrong"), ("unknown", "secret"), ("", "")] {
        let server =
            AuthorizationServer::builder().client("journal", "secret").start().await.unwrap();
        let service = Service::with_authorization_server(
            server,
            |client| client.client_secret_basic(id, secret),
            |it| it,
        )
        .await;
        let token = service.token("read");
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_server_error(&response, 500, body::SERVER_ERROR, None);
        assert_eq!(service.introspection_requests(), 1, "never tried again");
    }
    let service = Service::start().await;
    service.authorization_server.fault(Fault::status(403));
    let response = Request::get("/read").bearer("t").send(service.address).await;
    assert_server_error(&response, 500, body::SERVER_ERROR, None);
}

/// An error response (RFC 6749 §5.2), with a text that must not be logged.
fn error_response(status: u16, code: &str) -> Fault {
    let body = format!(r#"{{"error":"{code}","error_description":"text-canary"}}"#);
    Fault::status(status).with_body("application/json", body)
}

#[tokio::test]
async fn an_error_response_about_the_token_is_a_401_and_about_the_client_a_500() {
    // R-B1, R-B9, R-D1, R-C10
    let log = LogCapture::default();
    let _guard = log.start();
    let server = AuthorizationServer::builder().client("journal", "secret").start().await.unwrap();
    let service = Service::with_authorization_server(
        server,
        |client| client.client_secret_basic("journal", "secret").clock(ManualClock::new()),
        |it| it,
    )
    .await;
    let (other, mut sent_requests) = (service.token("read"), 0);
    for (status, code, expected, logged) in [
        (400, "unsupported_token_type", 401, "does not accept the token: status 400, unsupported_"),
        (400, "invalid_token", 401, "does not accept the token: status 400, invalid_token"),
        (404, "invalid_token", 401, "does not accept the token: status 404, invalid_token"),
        (400, "invalid_grant", 401, "does not accept the token: status 400, invalid_grant"),
        (
            400,
            "invalid_client",
            500,
            "rejected this server's own credentials: status 400, invalid_",
        ),
        (
            401,
            "invalid_client",
            500,
            "rejected this server's own credentials: status 401, invalid_",
        ),
        (401, "invalid_token", 500, "rejected this server's own credentials: status 401, invalid_"),
        (403, "unauthorized_client", 500, "own credentials: status 403, unauthorized_client"),
        (401, "text-canary", 500, "rejected this server's own credentials: status 401"),
        (400, "invalid_request", 503, "status 400, invalid_request instead of status 200"),
        (400, "text-canary", 503, "status 400 instead of 200"),
        (500, "server_error", 503, "status 500, server_error instead of status 200"),
        (500, "invalid_token", 503, "status 500, invalid_token instead of status 200"),
        (503, "temporarily_unavailable", 503, "down: status 503, temporarily_unavailable"),
        (429, "slow_down", 503, "limits the requests of this server: status 429, slow_down"),
        (429, "text-canary", 503, "limits the requests of this server: status 429"),
    ] {
        let token = service.token("read");
        let send = |token: &str| Request::get("/read").bearer(token).send(service.address);
        let retried = usize::from(status == 503);
        for _ in 0..2 {
            service.authorization_server.fault_times(1 + retried, error_response(status, code));
            let response = send(&token).await;
            match expected {
                401 => assert_challenged(&response, 401, body::INVALID_TOKEN, "read"),
                500 => assert_server_error(&response, 500, body::SERVER_ERROR, None),
                _ => assert_server_error(&response, 503, body::UNAVAILABLE, Some("5")),
            }
            sent_requests += 1 + retried;
            assert_eq!(service.introspection_requests(), sent_requests, "{status} {code}");
        }
        let last = log.lines().pop().unwrap();
        assert!(last.contains(logged) && !last.contains("canary"), "{logged}: {last}");
        assert_ran(&send(&token).await, "alice may");
        assert_ran(&send(&other).await, "alice may");
        sent_requests += 2;
    }
}

#[tokio::test]
async fn without_a_configured_client_a_401_is_a_server_error_or_an_inactive_token() {
    // R-B1, R-B9, R-E4
    let log = LogCapture::default();
    let _guard = log.start();
    let (service, _) = Service::with_cache().await;
    let send = || Request::get("/read").bearer("token").send(service.address);
    for fault in [
        Fault::status(401),
        Fault::status(403),
        error_response(401, "invalid_client"),
        error_response(400, "invalid_client"),
        Fault::status(401).with_body("application/json", r#"{"active":true}"#),
        Fault::status(401).with_body("application/json", r#"{"active":"false"}"#),
        Fault::status(401).with_body("application/json", r#"{"active":true,"active":false}"#),
        Fault::status(401).with_body("application/json", r#"[null,false]"#),
        Fault::status(403).with_body("application/json", r#"{"active":false}"#),
    ] {
        service.authorization_server.fault(fault);
        assert_server_error(&send().await, 500, body::SERVER_ERROR, None);
        let last = log.lines().pop().unwrap();
        assert!(last.contains("no client is configured: status 40"), "{last}");
        assert!(!last.contains("own credentials"), "{last}");
    }
    assert_eq!(service.introspection_requests(), 9);

    // The response of the example of the MCP TypeScript SDK.
    let inactive = r#"{"active":false,"error":"invalid_token","error_description":"unknown"}"#;
    let fault = Fault::status(401).with_body("application/json", inactive);
    service.authorization_server.fault(fault);
    for _ in 0..2 {
        assert_challenged(&send().await, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(service.introspection_requests(), 10, "remembered like any other inactive token");
}

#[tokio::test]
async fn a_broken_connection_or_a_gateway_error_is_retried_once() {
    // R-C6
    for fault in [
        Fault::status(502),
        Fault::status(503),
        Fault::status(504),
        Fault::close(),
        Fault::reset(),
        Fault::truncated(),
    ] {
        let service = Service::start().await;
        let token = service.token("read");
        service.authorization_server.fault_once(fault.clone());
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_ran(&response, "alice may");
        assert_eq!(service.introspection_requests(), 2, "{fault:?}");

        service.authorization_server.fault_times(2, fault.clone());
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
        assert_eq!(service.introspection_requests(), 4, "one retry, no more: {fault:?}");
    }
}

#[tokio::test]
async fn other_responses_are_not_retried() {
    // R-C6, R-D1
    for (status, expected) in [
        (400, 503),
        (401, 500),
        (403, 500),
        (404, 503),
        (429, 503),
        (500, 503),
        (204, 503),
        (201, 503),
    ] {
        let service = Service::start().await;
        service.authorization_server.fault(Fault::status(status));
        let response = Request::get("/read").bearer("t").send(service.address).await;
        match expected {
            500 => assert_server_error(&response, 500, body::SERVER_ERROR, None),
            _ => assert_server_error(&response, 503, body::UNAVAILABLE, Some("5")),
        }
        assert_eq!(service.introspection_requests(), 1, "{status}");
    }
    let service = Service::with(requires_auth::IntrospectionBuilder::without_retry, |it| it).await;
    service.authorization_server.fault(Fault::status(503));
    Request::get("/read").bearer("t").send(service.address).await;
    assert_eq!(service.introspection_requests(), 1, "switched off");
}

#[tokio::test]
async fn only_a_response_with_status_200_is_used() {
    // R-D1: with any other status the body is ignored.
    let right = r#"{"active":true,"aud":"https://api.example/v1","scope":"read","sub":"alice"}"#;
    for status in [200, 201, 202, 203, 206, 207, 299, 300, 302, 304, 400, 404, 418, 500, 501, 505] {
        let service = Service::start().await;
        let fault = Fault::status(status).with_body("application/json", right);
        service.authorization_server.fault(fault);
        let response = Request::get("/read").bearer("t").send(service.address).await;
        match status {
            200 => assert_ran(&response, "alice may"),
            _ => assert_server_error(&response, 503, body::UNAVAILABLE, Some("5")),
        }
    }
}

#[tokio::test]
async fn no_introspection_request_is_sent_before_the_end_of_retry_after() {
    // R-C7
    let date = |seconds| httpdate(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    for (status, retry_after, passed_on) in [
        (429, "7".to_owned(), "7"),
        (503, "7".to_owned(), "7"),
        (503, date(1_000_000_030), "30"),
        (503, "86400".to_owned(), "60"),
        (429, date(2_000_000_000), "60"),
        (503, date(5), "1"),
        (503, "0".to_owned(), "1"),
    ] {
        let service = Service::with(|client| client.clock(frozen()), |it| it).await;
        let fault = Fault::status(status).header("retry-after", &retry_after);
        service.authorization_server.fault_once(fault);
        let token = service.token("read");
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some(passed_on));
        assert_eq!(service.introspection_requests(), 1, "{retry_after}");

        let response = Request::get("/read").bearer(&token).send(service.address).await;
        if passed_on == "1" {
            assert_ran(&response, "alice may");
        } else {
            assert_server_error(&response, 503, body::UNAVAILABLE, Some(passed_on));
            assert_eq!(
                service.introspection_requests(),
                1,
                "not asked during the pause: {retry_after}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_beyond_max_in_flight_is_rejected_immediately() {
    // R-C9
    let service = Service::with(|client| client.max_in_flight(2), |it| it).await;
    service.authorization_server.fault_times(2, Fault::hang());
    let (address, token) = (service.address, service.token("read"));
    let send = || {
        let request = Request::get("/read").bearer(&token);
        async move { request.send(address).await }
    };
    let hanging = [tokio::spawn(send()), tokio::spawn(send())];
    while service.introspection_requests() < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        assert_server_error(&send().await, 503, body::UNAVAILABLE, Some("1"));
    }
    assert_eq!(service.introspection_requests(), 2);
    for request in hanging {
        let response = request.await.unwrap();
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    }
    assert_ran(&send().await, "alice may");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_uncached_tokens_are_bounded_by_max_in_flight() {
    // R-C9, R-E6
    const BOUND: usize = 16;
    let authorization_server = AuthorizationServer::start().await.unwrap();
    // The clock stands still, so that no request counts as slow on a busy machine; the timeout is long, so
    // that none ends before the last caller has sent its request.
    let client = Introspection::builder(authorization_server.introspection_url())
        .max_in_flight(BOUND)
        .request_timeout(Duration::from_secs(15))
        .clock(frozen())
        .without_circuit_breaker()
        .build()
        .unwrap();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(Cached::new(client))
        .build()
        .unwrap();
    let send = |token: String| {
        let server = server.clone();
        tokio::spawn(
            async move { server.authorize(&mut head(&token), Condition::Scope("read")).await },
        )
    };

    // No response is sent, so the first requests are still in flight when the last caller sends its own.
    authorization_server.fault_times(BOUND, Fault::hang());
    let requests: Vec<_> = (0..10_000).map(|number| send(format!("unseen.{number}"))).collect();
    let mut pauses = BTreeMap::new();
    for caller in requests {
        let rejected = caller.await.unwrap().unwrap_err();
        assert_eq!(rejected.status(), 503);
        *pauses.entry(rejected.retry_after().unwrap().as_secs()).or_insert(0) += 1;
    }
    assert_eq!(authorization_server.introspections(), BOUND);
    assert_eq!(pauses, BTreeMap::from([(1, 10_000 - BOUND), (5, BOUND)]), "at once, and in time");

    let mint = authorization_server.mint();
    let token = mint.subject("alice").audience(RESOURCE).scopes("read").issue();
    let requests: Vec<_> = (0..10_000).map(|_| send(token.clone())).collect();
    for caller in requests {
        assert_eq!(caller.await.unwrap().unwrap().subject(), Some("alice"));
    }
    assert_eq!(authorization_server.introspections(), BOUND + 1);
}

#[tokio::test]
async fn discovery_finds_the_endpoint_of_exactly_this_issuer() {
    // R-C8
    use requires_auth::testing::Endpoint;
    let server = AuthorizationServer::builder().path("/tenants/blue").start().await.unwrap();
    let builder = Introspection::discover(server.issuer()).await.unwrap();
    assert!(builder.build().is_ok());
    assert_eq!(server.requests(Endpoint::Metadata).len(), 1);

    let message = |error: requires_auth::SetupError| error.to_string();
    for other in
        [format!("{}/", server.issuer()), server.issuer().replace("127.0.0.1", "localhost")]
    {
        let error = Introspection::discover(&other).await.unwrap_err();
        assert!(message(error).contains("another issuer"), "{other}");
    }
    let faulty = |fault: Fault| server.fault(fault.at(Endpoint::Metadata));
    for (fault, words) in [
        (Fault::status(500), "status"),
        (Fault::redirect("http://127.0.0.1:1/"), "status"),
        (Fault::html(), "not the JSON"),
        (Fault::huge_body(70_000), "cannot be read"),
        (Fault::json(serde_json::json!({"issuer": server.issuer()})), "introspection_endpoint"),
    ] {
        faulty(fault);
        let error = Introspection::discover(server.issuer()).await.unwrap_err();
        assert!(message(error).contains(words));
    }
    faulty(Fault::status(404));
    assert!(
        message(Introspection::discover(server.issuer()).await.unwrap_err())
            .contains("either place")
    );
    server.clear_faults();
    server.fault_once(Fault::status(404).at(Endpoint::Metadata));
    assert!(Introspection::discover(server.issuer()).await.is_ok(), "OpenID's place comes second");
    server.stop().await.unwrap();
    assert!(
        message(Introspection::discover(server.issuer()).await.unwrap_err()).contains("reached")
    );
}

/// A clock that stands still in 2001.
fn frozen() -> ManualClock {
    ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
}

fn httpdate(time: SystemTime) -> String {
    httpdate::fmt_http_date(time)
}
