//! The key set: its keys, its rotation, and its outages.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Endpoint, Fault, ManualClock, TokenFormat};
use requires_auth::{Cached, Condition, JwtVerifier, JwtVerifierBuilder, ResourceServer};
use serde_json::json;
use tokio::sync::Barrier;

use super::{assert_invalid, claims, header, read, service, service_with};
use crate::service::{RESOURCE, Service};
use crate::{assert_ran, assert_server_error};

#[tokio::test]
async fn a_key_that_cannot_be_used_is_skipped() {
    // R-F3
    let service = service().await;
    let good = service.authorization_server.public_jwk();
    let other = AuthorizationServer::start().await.unwrap().public_jwk();
    let id = &good["kid"];
    let keys = json!([
        {"kty": "oct", "kid": id, "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": id, "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "kid": id, "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "kid": id, "x": other["x"], "y": good["y"]},
        {"kty": "EC", "crv": "secp256k1", "kid": id, "x": "AA", "y": "AA"},
        {"kty": "EC"},
        {"kid": id},
        "text", 1, null, [],
        {"kty": "OKP", "crv": "X25519", "kid": id, "x": "AA"},
        {"kty": other["kty"], "crv": other["crv"], "x": other["x"], "y": other["y"], "kid": id, "use": "enc"},
        {"kty": other["kty"], "crv": other["crv"], "x": other["x"], "y": other["y"], "kid": id, "key_ops": ["sign"]},
        {"kty": other["kty"], "crv": other["crv"], "x": other["x"], "y": other["y"], "kid": id, "alg": "ES384"},
        {"kty": other["kty"], "crv": other["crv"], "x": other["x"], "y": other["y"], "kid": id, "d": "AA"},
        good,
    ]);
    service.authorization_server.set_key_set(json!({ "keys": keys }).to_string());
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
}

#[tokio::test]
async fn a_key_must_be_the_only_one_with_its_id() {
    // R-F3
    let service = service().await;
    let good = service.authorization_server.public_jwk();
    let other = AuthorizationServer::start().await.unwrap().public_jwk();
    let mut same = other.clone();
    same["kid"] = good["kid"].clone();
    let token = service.token("read");
    let key_set = json!({ "keys": [good, same] }).to_string();
    service.authorization_server.set_key_set(key_set);
    assert_invalid(&read(&service, &token).await);
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn the_first_100_keys_are_used() {
    // R-F7: the server lists its current key first.
    let service = service().await;
    let last = service.token("read");
    for _ in 0..100 {
        service.authorization_server.rotate_key().unwrap();
    }
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    assert_invalid(&read(&service, &last).await);
}

#[tokio::test]
async fn the_same_key_twice_is_one_key() {
    // R-F3
    let service = service().await;
    let good = service.authorization_server.public_jwk();
    service.authorization_server.set_key_set(json!({ "keys": [good, good] }).to_string());
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    let mut header = header(&service);
    header.as_object_mut().unwrap().remove("kid");
    let token = service.authorization_server.sign_jwt(header, claims(&service).to_string());
    assert_ran(&read(&service, &token).await, "alice may");
}

#[tokio::test]
async fn a_token_without_a_key_id_needs_a_single_key() {
    // R-F3
    for (keys, accepted) in [(1, true), (2, false)] {
        let service = service().await;
        if keys == 2 {
            service.authorization_server.rotate_key().unwrap();
        }
        let mut header = header(&service);
        header.as_object_mut().unwrap().remove("kid");
        let token = service.authorization_server.sign_jwt(header, claims(&service).to_string());
        let response = read(&service, &token).await;
        if accepted {
            assert_ran(&response, "alice may");
        } else {
            assert_invalid(&response);
        }
    }
}

#[tokio::test]
async fn a_rotation_rejects_no_valid_token() {
    // R-F7
    let service = service().await;
    let mut tokens = vec![service.token("read")];
    assert_ran(&read(&service, &tokens[0]).await, "alice may");
    service.authorization_server.rotate_key().unwrap();
    tokens.push(service.token("read"));
    for token in &tokens {
        assert_ran(&read(&service, token).await, "alice may");
    }
    assert_eq!(service.authorization_server.key_set_requests(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_under_load_loses_no_request() {
    // R-F7
    const CALLERS: usize = 20;
    const REQUESTS: usize = 30;
    let service = Arc::new(service().await);
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    let halfway = Arc::new(Barrier::new(CALLERS + 1));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (service, halfway) = (Arc::clone(&service), Arc::clone(&halfway));
            tokio::spawn(async move {
                let old = service.token("read");
                for request in 0..REQUESTS {
                    if request == REQUESTS / 2 {
                        // Some callers are in the middle of a request when the key changes.
                        halfway.wait().await;
                    }
                    assert_ran(&read(&service, &old).await, "alice may");
                    assert_ran(&read(&service, &service.token("read")).await, "alice may");
                }
            })
        })
        .collect();
    halfway.wait().await;
    service.authorization_server.rotate_key().unwrap();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(service.runs(), 1 + 2 * CALLERS * REQUESTS);
    assert_eq!(service.authorization_server.key_set_requests(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_key_ids_cause_one_fetch_in_a_cooldown_while_good_tokens_are_served() {
    // R-F7: 10,000 key ids in 60 s of the clock, 100 at a time.
    let clock = ManualClock::new();
    let own = clock.clone();
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start();
    let server = server.await.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).clock(own).build().unwrap();
    let builder = ResourceServer::builder(RESOURCE).issuer(server.issuer()).resolver(verifier);
    let resource_server = builder.build().unwrap();
    let authorize = |token: String| {
        let server = resource_server.clone();
        tokio::spawn(async move {
            let mut request = crate::head(&token);
            server.authorize(&mut request, Condition::Scope("read")).await
        })
    };
    let good = server.mint().subject("alice").audience(RESOURCE).scopes("read").issue();
    let (_, payload_and_signature) = good.split_once('.').unwrap();
    assert!(authorize(good.clone()).await.unwrap().is_ok());
    let algorithm = server.public_jwk()["alg"].clone();
    for batch in 0..100 {
        let mut random = Vec::new();
        for number in 0..100 {
            let id = format!("{batch}-{number}");
            let header = json!({ "alg": algorithm, "kid": id, "typ": "at+jwt" });
            let header = BASE64URL.encode(header.to_string());
            random.push(authorize(format!("{header}.{payload_and_signature}")));
        }
        let good = authorize(good.clone());
        for token in random {
            let rejection = token.await.unwrap().unwrap_err();
            assert_eq!(
                (rejection.status(), rejection.body()),
                (401.try_into().unwrap(), body::INVALID_TOKEN)
            );
        }
        assert_eq!(good.await.unwrap().unwrap().subject(), Some("alice"));
        clock.advance(Duration::from_millis(600));
    }
    // At the start, and by the first unknown key ids after 0 s and after 30 s.
    assert_eq!(server.key_set_requests(), 3);
}

#[tokio::test]
async fn an_old_key_set_is_refreshed_in_the_background() {
    // R-F7
    let clock = ManualClock::new();
    let own = clock.clone();
    let service = service_with(|verifier| verifier.clock(own)).await;
    let old = service.token("read");
    assert_ran(&read(&service, &old).await, "alice may");
    service.authorization_server.replace_key().unwrap();
    clock.advance(Duration::from_secs(599));
    assert_ran(&read(&service, &old).await, "alice may");
    assert_eq!(service.authorization_server.key_set_requests(), 1);
    clock.advance(Duration::from_secs(1));
    assert_ran(&read(&service, &old).await, "alice may");
    // The request above has not waited for the fetch. A fetch that does not come makes the test time out.
    let refreshed = async {
        while read(&service, &old).await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), refreshed).await.unwrap();
    assert_invalid(&read(&service, &old).await);
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
}

#[tokio::test]
async fn a_key_set_that_was_not_used_for_long_is_fetched_before_it_is_used() {
    // R-F7: else the first token after a quiet night could be signed with a key that was removed hours ago.
    let clock = ManualClock::new();
    let own = clock.clone();
    let service = service_with(|verifier| verifier.clock(own)).await;
    let removed = service.token("read");
    assert_ran(&read(&service, &removed).await, "alice may");
    service.authorization_server.replace_key().unwrap();
    clock.advance(Duration::from_secs(1200));
    assert_invalid(&read(&service, &removed).await);
    let kept = service.token("read");
    assert_ran(&read(&service, &kept).await, "alice may");
    assert_eq!(service.authorization_server.key_set_requests(), 2);
    // In an outage, the key set is used as it is.
    service.authorization_server.fault(Fault::status(500).at(Endpoint::KeySet));
    for requests in [3, 4] {
        clock.advance(Duration::from_secs(1200));
        assert_ran(&read(&service, &kept).await, "alice may");
        fetched(&service, requests).await;
    }
}

/// Waits until the key set was requested this often. A request that does not come makes the test time out.
async fn fetched(service: &Service, requests: usize) {
    let fetched = async {
        while service.authorization_server.key_set_requests() < requests {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), fetched).await.unwrap();
}

#[tokio::test]
async fn an_unknown_key_id_fetches_the_key_set_once_in_a_cooldown() {
    // R-F7
    let clock = ManualClock::new();
    let own = clock.clone();
    let service = service_with(|verifier| verifier.clock(own)).await;
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    let with_id = |id: usize| {
        let mut header = header(&service);
        header["kid"] = id.to_string().into();
        service.authorization_server.sign_jwt(header, claims(&service).to_string())
    };
    for id in 0..200 {
        assert_invalid(&read(&service, &with_id(id)).await);
    }
    assert_eq!(service.authorization_server.key_set_requests(), 2);
    clock.advance(Duration::from_secs(30));
    for id in 0..200 {
        assert_invalid(&read(&service, &with_id(id)).await);
    }
    assert_eq!(service.authorization_server.key_set_requests(), 3);
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
}

#[tokio::test]
async fn a_failed_fetch_begins_no_cooldown() {
    // R-F7: else a rotation and one failed fetch reject valid tokens for the cooldown.
    let clock = ManualClock::new();
    let own = clock.clone();
    let service = service_with(|verifier| verifier.clock(own)).await;
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    service.authorization_server.rotate_key().unwrap();
    let token = service.token("read");
    service.authorization_server.fault_once(Fault::status(500).at(Endpoint::KeySet));
    for _ in 0..2 {
        assert_server_error(&read(&service, &token).await, 503, body::UNAVAILABLE, Some("1"));
    }
    assert_eq!(service.authorization_server.key_set_requests(), 2);
    clock.advance(Duration::from_secs(1));
    assert_ran(&read(&service, &token).await, "alice may");
    assert_eq!(service.authorization_server.key_set_requests(), 3);
}

#[tokio::test]
async fn a_rotation_without_key_ids_rejects_no_valid_token() {
    // R-F7
    let clock = ManualClock::new();
    let own = clock.clone();
    let service = service_with(|verifier| verifier.clock(own)).await;
    let mut header = header(&service);
    header.as_object_mut().unwrap().remove("kid");
    let sign =
        || service.authorization_server.sign_jwt(header.clone(), claims(&service).to_string());
    let old = sign();
    assert_ran(&read(&service, &old).await, "alice may");
    service.authorization_server.replace_key().unwrap();
    assert_ran(&read(&service, &sign()).await, "alice may");
    for _ in 0..10 {
        assert_invalid(&read(&service, &old).await);
    }
    assert_eq!(service.authorization_server.key_set_requests(), 2);
    clock.advance(Duration::from_secs(30));
    for _ in 0..10 {
        assert_invalid(&read(&service, &old).await);
    }
    assert_eq!(service.authorization_server.key_set_requests(), 3);
}

#[tokio::test]
async fn concurrent_requests_share_one_fetch() {
    // R-F7
    let service = service().await;
    let token = service.token("read");
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let request = fixtures::raw_http::Request::get("/read").bearer(&token);
            tokio::spawn(request.send(service.address))
        })
        .collect();
    for request in requests {
        assert_ran(&request.await.unwrap(), "alice may");
    }
    assert_eq!(service.authorization_server.key_set_requests(), 1);
}

#[tokio::test]
async fn a_key_set_survives_an_outage_up_to_its_greatest_age() {
    // R-F7
    let clock = ManualClock::new();
    let own = clock.clone();
    let settings = |verifier: JwtVerifierBuilder| {
        verifier.clock(own).max_key_set_age(Duration::from_secs(3600))
    };
    let service = service_with(settings).await;
    let token = service.token("read");
    assert_ran(&read(&service, &token).await, "alice may");
    for body in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AA"}]}"#, "<html>"]
    {
        service.authorization_server.set_key_set(body);
        clock.advance(Duration::from_secs(590));
        assert_ran(&read(&service, &token).await, "alice may");
    }
    service.authorization_server.fault(Fault::status(500).at(Endpoint::KeySet));
    clock.advance(Duration::from_secs(3600));
    let response = read(&service, &token).await;
    assert_eq!((response.status, response.body.as_str()), (503, body::UNAVAILABLE));
    assert!(response.header("retry-after").is_some());
    service.authorization_server.clear_faults();
    service.authorization_server.reset_key_set();
    clock.advance(Duration::from_secs(60));
    assert_ran(&read(&service, &token).await, "alice may");
}

#[tokio::test]
async fn an_outage_at_the_start_is_no_invalid_token() {
    // R-F7, R-C12
    let clock = ManualClock::new();
    let own = clock.clone();
    let service = service_with(|verifier| verifier.clock(own)).await;
    let token = service.token("read");
    service.authorization_server.set_key_set("x".repeat(300 * 1024));
    assert_server_error(&read(&service, &token).await, 503, body::UNAVAILABLE, Some("1"));
    service.authorization_server.reset_key_set();
    clock.advance(Duration::from_secs(1));
    assert_ran(&read(&service, &token).await, "alice may");
}

#[tokio::test]
async fn a_removed_key_invalidates_the_cached_claims_of_its_tokens() {
    // R-F9
    let clock = ManualClock::new();
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start();
    let server = server.await.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).clock(clock.clone()).build().unwrap();
    let cached = Cached::builder(verifier).clock(clock.clone()).build().unwrap();
    let service = Service::with_resolver(server, cached).await;
    let old = service.token("read");
    assert_ran(&read(&service, &old).await, "alice may");
    service.authorization_server.replace_key().unwrap();
    assert_ran(&read(&service, &old).await, "alice may");
    // A token with the new key fetches the key set, which lacks the old one.
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    assert_invalid(&read(&service, &old).await);
}
