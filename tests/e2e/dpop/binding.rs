//! R-H4: a token that is bound to a key is of use to the holder of the key only, at every entry point.

use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::{Caller, DpopKey};
use requires_auth::{AuthInfo, Condition, Introspection, Reason, RequestHead, ResourceServer};
use serde_json::json;

use super::{Bound, URI, assert_dpop_challenged, dpop};
use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran};

#[tokio::test]
async fn a_bound_token_is_no_bearer_token() {
    // R-H4
    let bound = Bound::start().await;
    let proof = bound.proof().sign();
    let bearer = Request::get("/read").bearer(&bound.token);
    for request in [bearer.clone(), bearer.header("dpop", proof)] {
        let response = request.send(bound.service.address).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(bound.service.runs(), 0);
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_rejected_under_the_scheme_dpop() {
    // R-H4
    let service = Service::start().await;
    let (key, token) = (DpopKey::generate(), service.token("read"));
    let proof = key.proof("GET", URI).access_token(&token).sign();
    let response = dpop(Request::get("/read"), &token, proof).send(service.address).await;
    assert_dpop_challenged(&response, body::INVALID_TOKEN);
    // As a bearer token it is accepted, and the proof is ignored.
    let proof = key.proof("GET", URI).access_token(&token).sign();
    let bearer = Request::get("/read").bearer(&token).header("dpop", proof);
    assert_ran(&bearer.send(service.address).await, "alice may");
}

#[tokio::test]
async fn a_proof_of_another_key_does_not_help() {
    // R-H1, check 12 b
    let bound = Bound::start().await;
    let thief = DpopKey::generate();
    let proof = thief.proof("GET", URI).access_token(&bound.token).sign();
    assert_dpop_challenged(&bound.call(proof).await, body::INVALID_TOKEN);
    assert_eq!(bound.service.runs(), 0);
    // The attempt has not used up anything of the holder.
    assert_ran(&bound.call(bound.proof().sign()).await, "alice may");
}

#[tokio::test]
async fn a_confirmation_method_that_is_not_supported_is_rejected() {
    // R-H4
    let service = Service::start().await;
    let key = DpopKey::generate();
    for cnf in [
        json!({ "jkt": key.thumbprint(), "kid": "x" }),
        json!({ "jkt": key.thumbprint(), "jwk": key.public_jwk() }),
        json!({ "jwk": key.public_jwk() }),
        json!({ "jkt": [key.thumbprint()] }),
        json!({ "jkt": format!("{}=", key.thumbprint()) }),
        json!({ "JKT": key.thumbprint() }),
        json!({}),
        json!([]),
        json!(null),
        json!(key.thumbprint()),
    ] {
        let mint = service.authorization_server.mint().subject("alice").audience(RESOURCE);
        let token = mint.scopes("read").claim("cnf", cnf.clone()).issue();
        let proof = key.proof("GET", URI).access_token(&token).sign();
        let response = dpop(Request::get("/read"), &token, proof).send(service.address).await;
        assert_dpop_challenged(&response, body::INVALID_TOKEN);
        let response = Request::get("/read").bearer(&token).send(service.address).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn a_guard_that_knows_only_the_headers_rejects_a_proof() {
    // R-H4: the method and the URI of the view are not those of a request.
    let bound = Bound::start().await;
    let endpoint = bound.service.authorization_server.introspection_url();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(bound.service.authorization_server.issuer())
        .resolver(Introspection::builder(endpoint).build().unwrap())
        .build()
        .unwrap();
    for (method, uri) in [("CONNECT", "https://api.example/"), ("GET", URI)] {
        let proof = bound.key.proof(method, uri).access_token(&bound.token).sign();
        let request = http::Request::get("/read")
            .header("authorization", format!("DPoP {}", bound.token))
            .header("dpop", proof)
            .body(())
            .unwrap();
        let rejected = server.authorize(request.headers(), Condition::NONE).await.unwrap_err();
        assert_eq!(rejected.reason(), Reason::InvalidDpopProof, "{method}");
    }
    // With the request itself it is accepted.
    let request = http::Request::get("/read")
        .header("authorization", format!("DPoP {}", bound.token))
        .header("dpop", bound.proof().sign())
        .body(())
        .unwrap();
    assert!(server.authorize(RequestHead::from(&request), Condition::NONE).await.is_ok());
}

#[test]
fn a_caller_of_a_test_can_be_bound_to_a_key() {
    // R-H4: the guard of the function does not ask again for the proof.
    #[requires_auth::requires_auth(scopes = "read")]
    fn read(auth: AuthInfo) -> Option<String> {
        auth.subject().map(str::to_owned)
    }
    let alice = Caller::new("alice", "read").bound_to(&DpopKey::generate()).auth_info();
    assert_eq!(read(alice.try_into().unwrap()).as_deref(), Some("alice"));
}
