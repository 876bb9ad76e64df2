//! R-E: remembering claims, seen from outside.

use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::AccessToken;
use requires_auth::testing::Fault;

use crate::service::Service;
use crate::{assert_challenged, assert_ran, assert_server_error};

#[tokio::test]
async fn claims_are_remembered_and_decisions_are_not() {
    // R-E1
    let (service, _) = Service::remembering().await;
    let token = service.token("read");
    let ask = |path: &str| Request::get(path).bearer(&token).send(service.address);
    assert_ran(&ask("/read").await, "alice may");
    assert_challenged(&ask("/read-write").await, 403, body::INSUFFICIENT_SCOPE, "read write");
    assert_challenged(&ask("/choice").await, 403, body::INSUFFICIENT_SCOPE, "read write");
    assert_ran(&ask("/any-token").await, "alice may");
    assert_ran(&ask("/read").await, "alice may");
    assert_eq!(service.exchanges(), 1);

    let bad = Request::get("/read").bearer("unknown");
    for _ in 0..3 {
        let answer = bad.clone().send(service.address).await;
        assert_challenged(&answer, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(service.exchanges(), 2);
}

#[tokio::test]
async fn a_token_that_expires_while_it_is_remembered_is_refused() {
    // R-E3
    let (service, _) = Service::remembering().await;
    let token = service.token_with_answer(
        r#"{"active":true,"aud":"https://api.example/v1","scope":"read","exp":1}"#,
    );
    for _ in 0..2 {
        let answer = Request::get("/read").bearer(&token).send(service.address).await;
        assert_challenged(&answer, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn an_outage_is_not_remembered() {
    // R-E4
    let (service, _) = Service::remembering().await;
    let token = service.token("read");
    let ask = || Request::get("/read").bearer(&token).send(service.address);
    service.authorization_server.fault_once(Fault::status(500));
    assert_server_error(&ask().await, 503, body::UNAVAILABLE, Some("5"));
    assert_ran(&ask().await, "alice may");
    service.authorization_server.stop().await.unwrap();
    assert_ran(&ask().await, "alice may");
}

#[tokio::test]
async fn a_revoked_token_is_refused_once_it_is_forgotten() {
    // R-E7
    let (service, cached) = Service::remembering().await;
    let token = service.token("read");
    let ask = || Request::get("/read").bearer(&token).send(service.address);
    assert_ran(&ask().await, "alice may");
    service.authorization_server.revoke(&token);
    assert_ran(&ask().await, "alice may");
    cached.invalidate(&token.parse::<AccessToken>().unwrap());
    assert_challenged(&ask().await, 401, body::INVALID_TOKEN, "read");
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_exchange() {
    // R-E6
    let (service, _) = Service::remembering().await;
    let token = service.token("read");
    let callers: Vec<_> = (0..200)
        .map(|_| tokio::spawn(Request::get("/read").bearer(&token).send(service.address)))
        .collect();
    for caller in callers {
        assert_ran(&caller.await.unwrap(), "alice may");
    }
    assert_eq!((service.exchanges(), service.runs()), (1, 200));
}
