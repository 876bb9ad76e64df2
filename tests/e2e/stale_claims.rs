//! R-E: stale claims, which are used while the authorization server is unavailable.

use std::time::Duration;

use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Fault, ManualClock};
use requires_auth::{AccessToken, Cached, CachedBuilder, Introspection};

use crate::service::Service;
use crate::{assert_challenged, assert_ran, assert_server_error};

type Cache = Cached<Introspection>;

/// A service that introspects the token of each request, and keeps the claims for outages.
async fn start(
    settings: impl FnOnce(CachedBuilder<Introspection>) -> CachedBuilder<Introspection>,
) -> (Service, Cache) {
    let authorization_server = AuthorizationServer::start().await.unwrap();
    // With a clock that stands still, an open circuit breaker stays open.
    let client = Introspection::builder(authorization_server.introspection_url())
        .clock(ManualClock::new())
        .without_retry();
    let cached = Cached::builder(client.build().unwrap())
        .ttl(Duration::ZERO)
        .stale_if_error(Duration::from_secs(600));
    let cached = settings(cached).build().unwrap();
    (Service::with_resolver(authorization_server, cached.clone()).await, cached)
}

async fn get(service: &Service, path: &str, token: &str) -> Response {
    Request::get(path).bearer(token).send(service.address).await
}

/// A request to the function that requires `write` and the scopes in the body.
async fn further(service: &Service, token: &str, scopes: &str) -> Response {
    Request::post("/further").body("text/plain", scopes).bearer(token).send(service.address).await
}

#[track_caller]
fn assert_unavailable(response: &Response) {
    assert_server_error(response, 503, body::UNAVAILABLE, Some("5"));
}

#[tokio::test]
async fn stale_claims_satisfy_only_the_configured_scopes() {
    // R-E1, R-L2, R-B1
    let (service, _) = start(|cached| cached.stale_scopes(["read"])).await;
    let (token, unseen) = (service.token("read write"), service.token("read"));
    assert_ran(&get(&service, "/read", &token).await, "alice may");
    service.authorization_server.fault(Fault::status(500));

    assert_ran(&get(&service, "/read", &token).await, "alice may");
    assert_unavailable(&get(&service, "/read-write", &token).await);
    assert_unavailable(&further(&service, &token, "read").await);
    assert_unavailable(&get(&service, "/any-token", &token).await);
    assert_unavailable(&get(&service, "/choice", &token).await);
    assert_eq!(service.introspection_requests(), 6, "each asked, in vain");

    // Now the circuit breaker is open: nothing is sent, and the decisions are the same.
    let later =
        |response: &Response| assert_server_error(response, 503, body::UNAVAILABLE, Some("1"));
    later(&get(&service, "/unmarked", &token).await);
    later(&get(&service, "/unmarked-optional", &token).await);
    later(&get(&service, "/read", &unseen).await);
    assert_ran(&get(&service, "/optional", &token).await, "alice may");
    assert_eq!(service.introspection_requests(), 6);
    let lacking = get(&service, "/nested", &token).await;
    assert_challenged(&lacking, 403, body::INSUFFICIENT_SCOPE, "a b");
    assert_eq!(service.runs(), 3);
}

#[tokio::test]
async fn stale_claims_satisfy_further_conditions_only_with_the_configured_scopes() {
    // R-E1
    let (service, _) = start(|cached| cached.stale_scopes(["write"])).await;
    let token = service.token("read write");
    assert_ran(&further(&service, &token, "read").await, "alice may");
    service.authorization_server.fault(Fault::status(500));
    assert_ran(&further(&service, &token, "write").await, "alice may");
    assert_unavailable(&further(&service, &token, "read").await);
    assert_unavailable(&further(&service, &token, "read write").await);
    let lacking = further(&service, &token, "admin").await;
    assert_challenged(&lacking, 403, body::INSUFFICIENT_SCOPE, "write admin");
}

#[tokio::test]
async fn without_configured_scopes_stale_claims_satisfy_every_condition() {
    // R-E1
    let (service, _) = start(|cached| cached).await;
    let token = service.token("read write");
    assert_ran(&get(&service, "/read", &token).await, "alice may");
    service.authorization_server.stop().await.unwrap();
    for path in ["/read", "/any-token", "/choice", "/unmarked"] {
        assert_ran(&get(&service, path, &token).await, "alice may");
    }
}

#[tokio::test]
async fn a_token_that_is_rate_limited_itself_uses_no_stale_claims() {
    // R-C10: the second request is within the pause that the 429 to the first one started.
    let (service, _) = start(|cached| cached).await;
    let token = service.token("read");
    assert_ran(&get(&service, "/read", &token).await, "alice may");
    let own = token.clone();
    let limited = Fault::status(429).header("retry-after", "30");
    service.authorization_server.fault(limited.for_tokens(move |token| token == own));
    for _ in 0..3 {
        let response = get(&service, "/read", &token).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("30"));
    }
    assert_eq!((service.introspection_requests(), service.runs()), (2, 1));
}

#[tokio::test]
async fn a_request_beyond_max_in_flight_uses_no_stale_claims() {
    // R-C10, R-C9: otherwise a caller with slow tokens could use another token that was revoked.
    let clock = ManualClock::new();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url())
        .clock(clock.clone())
        .max_in_flight(1)
        .build();
    let cached = Cached::builder(client.unwrap())
        .ttl(Duration::ZERO)
        .stale_if_error(Duration::from_secs(600))
        .build()
        .unwrap();
    let service = Service::with_resolver(authorization_server, cached).await;
    let (revoked, late) = (service.token("read"), service.token("read"));
    assert_ran(&get(&service, "/read", &revoked).await, "alice may");
    service.authorization_server.revoke(&revoked);
    let own = late.clone();
    service.authorization_server.fault(Fault::hang().for_tokens(move |token| token == own));
    let address = service.address;
    let hanging = tokio::spawn(async move {
        Request::get("/read").bearer(&late).send(address).await;
    });
    while service.introspection_requests() < 2 {
        tokio::task::yield_now().await;
    }
    let response = get(&service, "/read", &revoked).await;
    assert_server_error(&response, 503, body::UNAVAILABLE, Some("1"));
    assert_eq!(service.runs(), 1);

    // The same for an introspection request that is cancelled in favour of another one.
    clock.advance(Duration::from_secs(4));
    let own = revoked.clone();
    service.authorization_server.clear_faults();
    service.authorization_server.fault(Fault::hang().for_tokens(move |token| token == own));
    let displaced =
        tokio::spawn(async move { Request::get("/read").bearer(&revoked).send(address).await });
    while service.introspection_requests() < 3 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(4));
    let other = service.token("read");
    assert_ran(&get(&service, "/read", &other).await, "alice may");
    assert_server_error(&displaced.await.unwrap(), 503, body::UNAVAILABLE, Some("1"));
    assert_eq!(service.runs(), 2);
    hanging.abort();
}

#[tokio::test]
async fn a_revoked_or_invalidated_token_has_no_stale_claims() {
    // R-E4, R-E7
    let (service, cached) = start(|cached| cached.inactive_ttl(Duration::ZERO)).await;
    let (revoked, forgotten) = (service.token("read"), service.token("read"));
    for token in [&revoked, &forgotten] {
        assert_ran(&get(&service, "/read", token).await, "alice may");
    }
    service.authorization_server.revoke(&revoked);
    let response = get(&service, "/read", &revoked).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    service.authorization_server.fault(Fault::status(500));
    assert_unavailable(&get(&service, "/read", &revoked).await);
    assert_ran(&get(&service, "/read", &forgotten).await, "alice may");
    cached.invalidate(&forgotten.parse::<AccessToken>().unwrap());
    assert_unavailable(&get(&service, "/read", &forgotten).await);

    service.authorization_server.clear_faults();
    let token = service.token("read");
    assert_ran(&get(&service, "/read", &token).await, "alice may");
    service.authorization_server.fault(Fault::status(401));
    assert_server_error(&get(&service, "/read", &token).await, 500, body::SERVER_ERROR, None);
}
