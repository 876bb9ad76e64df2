//! The metrics by their documented names, and the log line of each rejection.

use std::time::Duration;

use fixtures::log_capture::LogCapture;
use fixtures::prometheus::{recorder, render};
use fixtures::raw_http::Request;
use metrics_exporter_prometheus::PrometheusHandle;
use requires_auth::testing::{AuthorizationServer, Fault, ManualClock};
use requires_auth::{Cached, Introspection};

use crate::service::Service;

/// The series, without `requires_auth_`, that have a value.
fn recorded_series(prometheus: &PrometheusHandle) -> Vec<String> {
    let rendered = render(prometheus);
    let lines = rendered.lines().filter(|line| !line.starts_with('#'));
    let mut series: Vec<String> =
        lines.filter_map(|line| line.strip_prefix("requires_auth_")).map(str::to_owned).collect();
    series.retain(|line| !line.contains("_duration_seconds"));
    series.sort();
    series
}

#[tokio::test]
async fn every_metric_has_its_documented_name_and_labels() {
    let (recorder, prometheus) = recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    requires_auth::telemetry::metrics::describe();
    let clock = ManualClock::new();
    let server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(server.introspection_url())
        .without_retry()
        .circuit_breaker_failures(2)
        .clock(clock.clone());
    let cached = Cached::builder(client.build().unwrap())
        .stale_if_error(Duration::from_secs(600))
        .max_inactive_entries(32)
        .clock(clock.clone())
        .build()
        .unwrap();
    let service = Service::with_resolver(server, cached).await;
    let token = service.token("read");
    let send = |path: &str, token: &str| Request::get(path).bearer(token).send(service.address);

    send("/read", &token).await;
    send("/read", &token).await;
    send("/read-write", &token).await;
    send("/any-token", "unknown").await;
    Request::get("/read").send(service.address).await;
    let expected = [
        r#"cache_entries{kind="active"} 1"#,
        r#"cache_entries{kind="inactive"} 1"#,
        r#"cache_lookups_total{result="hit"} 2"#,
        r#"cache_lookups_total{result="miss"} 2"#,
        r#"introspection_requests_total{outcome="active"} 1"#,
        r#"introspection_requests_total{outcome="inactive"} 1"#,
        r#"rejections_total{reason="insufficient_scope",function="read_write",scopes="read write"} 1"#,
        r#"rejections_total{reason="invalid_token",function="any_token",scopes=""} 1"#,
        r#"rejections_total{reason="missing_token",function="read",scopes="read"} 1"#,
    ];
    assert_eq!(recorded_series(&prometheus), expected);
    let rendered = prometheus.render();
    assert!(
        rendered.contains("requires_auth_introspection_request_duration_seconds_count 2"),
        "{rendered}"
    );
    assert!(
        rendered
            .contains("# HELP requires_auth_introspection_requests_total Introspection requests"),
        "{rendered}"
    );
    assert!(!rendered.contains(&token) && !rendered.contains("unknown"), "no token");

    clock.advance(Duration::from_secs(60));
    service.authorization_server.fault(Fault::status(500));
    for _ in 0..4 {
        send("/read", &token).await;
    }
    send("/read", "another").await;
    let expected = [
        r#"circuit_breakers_open 1"#,
        r#"introspection_requests_total{outcome="invalid_response"} 2"#,
        r#"introspection_requests_not_sent_total{cause="circuit_breaker"} 3"#,
        r#"rejections_total{reason="unavailable",function="read",scopes="read"} 1"#,
        r#"stale_claims_total 4"#,
    ];
    let now = recorded_series(&prometheus);
    for series in expected {
        assert!(now.iter().any(|line| line == series), "{series}: {now:#?}");
    }

    service.authorization_server.clear_faults();
    clock.advance(Duration::from_millis(500));
    for number in 0..200 {
        send("/read", &format!("unknown.{number}")).await;
    }
    let now = recorded_series(&prometheus);
    assert!(now.contains(&"circuit_breakers_open 0".to_owned()), "{now:#?}");
    let evicted = |line: &String| line.starts_with(r#"cache_evictions_total{kind="inactive"} 1"#);
    assert!(now.iter().any(evicted), "more than a hundred: {now:#?}");
}

#[tokio::test]
async fn coalesced_lookups_are_counted() {
    // R-E6
    let (recorder, prometheus) = recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (service, _) = Service::with_cache().await;
    let token = service.token("read");
    service.authorization_server.fault_once(Fault::delay(Duration::from_millis(200)));
    let callers: Vec<_> = (0..5)
        .map(|_| tokio::spawn(Request::get("/read").bearer(&token).send(service.address)))
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().status, 200);
    }
    let now = recorded_series(&prometheus);
    assert!(now.contains(&r#"cache_lookups_total{result="miss"} 1"#.to_owned()), "{now:#?}");
    assert!(now.contains(&r#"cache_lookups_total{result="coalesced"} 4"#.to_owned()), "{now:#?}");
}

#[tokio::test]
async fn the_log_line_of_a_rejection_names_the_failed_check() {
    let log = LogCapture::default();
    let _guard = log.start();
    let service =
        Service::with(|client| client.without_retry().circuit_breaker_failures(1), |it| it).await;
    let token = service.token("read write");
    let send = |request: Request| request.send(service.address);
    send(Request::get("/read")).await;
    send(Request::get("/read").bearer("unknown")).await;
    let elsewhere = service.authorization_server.mint().audience("https://other.example").issue();
    send(Request::get("/any-token").bearer(&elsewhere)).await;
    send(Request::get("/choice").bearer(&service.token("b"))).await;
    send(Request::post("/further").bearer(&token).body("text/plain", "c d")).await;
    service.authorization_server.fault(Fault::status(500));
    send(Request::get("/read").bearer(&token)).await;
    send(Request::get("/read").bearer(&token)).await;
    let record = |line: &String| line.split(" requires_auth: ").nth(1).unwrap().to_owned();
    let records: Vec<String> = log.lines().iter().map(record).collect();
    let expected = [
        r#"request rejected status=401 reason="missing_token" function="read" needs=read"#,
        r#"request rejected status=401 reason="invalid_token" function="read" needs=read cause=the token is not active expected=`active`: true found=`active`: false, as for a token that is expired, revoked or unknown, and for one that this client may not introspect (RFC 7662 section 2.2) setting=`client_authentication` (`client_id`, REQUIRES_AUTH_CLIENT_ID)"#,
        r#"request rejected status=401 reason="invalid_token" function="any_token" needs= cause=the token is not meant for this resource expected=`aud` with exactly "https://api.example/v1" found=`aud`: "https://other.example" setting=the resource identifier (`resource`, REQUIRES_AUTH_RESOURCE) and further audiences (`accepted_audiences`, REQUIRES_AUTH_ACCEPTED_AUDIENCES)"#,
        r#"request rejected status=403 reason="insufficient_scope" function="choice" needs=admin"#,
        r#"request rejected status=403 reason="insufficient_scope" function="further" needs=write c d"#,
        "circuit breaker opened",
        r#"request rejected status=503 reason="unavailable" function="read" needs=read cause=the authorization server's response cannot be used detail=status 500 instead of 200"#,
        r#"request rejected status=503 reason="unavailable" function="read" needs=read cause=the authorization server has failed again and again"#,
    ];
    assert_eq!(records, expected);
}
