//! R-E: the cache of claims, through the responses of a service.

use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::AccessToken;
use requires_auth::testing::Fault;

use crate::service::Service;
use crate::{assert_challenged, assert_ran, assert_server_error};

#[tokio::test]
async fn claims_are_cached_and_decisions_are_not() {
    // R-E1
    let (service, _) = Service::with_cache().await;
    let token = service.token("read");
    let send = |path: &str| Request::get(path).bearer(&token).send(service.address);
    assert_ran(&send("/read").await, "alice may");
    assert_challenged(&send("/read-write").await, 403, body::INSUFFICIENT_SCOPE, "read write");
    assert_challenged(&send("/choice").await, 403, body::INSUFFICIENT_SCOPE, "read write");
    assert_ran(&send("/any-token").await, "alice may");
    assert_ran(&send("/read").await, "alice may");
    assert_eq!(service.introspection_requests(), 1);

    let bad = Request::get("/read").bearer("unknown");
    for _ in 0..3 {
        let response = bad.clone().send(service.address).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(service.introspection_requests(), 2);
}

#[tokio::test]
async fn an_expired_token_is_rejected_although_its_claims_are_cached() {
    // R-E3
    let (service, _) = Service::with_cache().await;
    let token = service.token_with_response(
        r#"{"active":true,"aud":"https://api.example/v1","scope":"read","exp":1}"#,
    );
    for _ in 0..2 {
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn an_outage_is_not_cached() {
    // R-E4
    let (service, _) = Service::with_cache().await;
    let token = service.token("read");
    let send = || Request::get("/read").bearer(&token).send(service.address);
    service.authorization_server.fault_once(Fault::status(500));
    assert_server_error(&send().await, 503, body::UNAVAILABLE, Some("5"));
    assert_ran(&send().await, "alice may");
    service.authorization_server.stop().await.unwrap();
    assert_ran(&send().await, "alice may");
}

#[tokio::test]
async fn a_revoked_token_is_rejected_after_its_invalidation() {
    // R-E7
    let (service, cached) = Service::with_cache().await;
    let token = service.token("read");
    let send = || Request::get("/read").bearer(&token).send(service.address);
    assert_ran(&send().await, "alice may");
    service.authorization_server.revoke(&token);
    assert_ran(&send().await, "alice may");
    cached.invalidate(&token.parse::<AccessToken>().unwrap());
    assert_challenged(&send().await, 401, body::INVALID_TOKEN, "read");
}

#[tokio::test]
async fn concurrent_requests_share_one_introspection_request() {
    // R-E6
    let (service, _) = Service::with_cache().await;
    let token = service.token("read");
    let callers: Vec<_> = (0..200)
        .map(|_| tokio::spawn(Request::get("/read").bearer(&token).send(service.address)))
        .collect();
    for caller in callers {
        assert_ran(&caller.await.unwrap(), "alice may");
    }
    assert_eq!((service.introspection_requests(), service.runs()), (1, 200));
}
