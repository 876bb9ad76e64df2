//! R-F: JWT access tokens, verified by a service with the key set of their issuer.

mod attacks;
mod hybrid;
mod issuers;
mod key_set;
mod log;
mod providers;
mod settings;

use std::time::{Duration, SystemTime};

use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, TokenFormat};
use requires_auth::{Cached, JwtVerifier, JwtVerifierBuilder, OptionalClaim, SigningAlgorithm};
use serde_json::{Value, json};

use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran};

/// A service that verifies the JWTs of its authorization server, without a cache.
async fn service_with(settings: impl FnOnce(JwtVerifierBuilder) -> JwtVerifierBuilder) -> Service {
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start();
    let server = server.await.expect("loopback is there");
    let verifier = settings(JwtVerifier::from_issuer(server.issuer())).build();
    Service::with_resolver(server, verifier.expect("the settings are right")).await
}

async fn service() -> Service {
    service_with(|verifier| verifier).await
}

async fn read(service: &Service, token: &str) -> Response {
    Request::get("/read").bearer(token).send(service.address).await
}

#[track_caller]
fn assert_invalid(response: &Response) {
    assert_challenged(response, 401, body::INVALID_TOKEN, "read");
}

fn header(service: &Service) -> Value {
    let jwk = service.authorization_server.public_jwk();
    json!({ "alg": jwk["alg"], "kid": jwk["kid"], "typ": "at+jwt" })
}

/// The claims of a valid token (RFC 9068 §2.2).
fn claims(service: &Service) -> Value {
    json!({
        "iss": service.authorization_server.issuer(),
        "sub": "alice",
        "aud": RESOURCE,
        "client_id": "app",
        "scope": "read",
        "iat": 1,
        "exp": 4_102_444_800_u64,
        "jti": "1",
    })
}

#[tokio::test]
async fn a_jwt_of_the_issuer_is_accepted_for_its_scopes() {
    // R-F1, R-F5
    for algorithm in [
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Ps256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
    ] {
        let service = service().await;
        service.authorization_server.rotate_key_to(algorithm).unwrap();
        let token = service.token("read");
        assert_ran(&read(&service, &token).await, "alice may");
        let response = Request::get("/read-write").bearer(&token).send(service.address).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read write");
        assert_eq!(service.authorization_server.key_set_requests(), 1, "{algorithm}");
        assert_eq!(service.introspection_requests(), 0);
    }
}

#[tokio::test]
async fn each_deviation_from_rfc_9068_has_a_setting() {
    // R-F4, R-F5
    let strict = service().await;
    let lenient = service_with(|verifier| {
        verifier.accept_generic_type().optional_claims([
            OptionalClaim::Subject,
            OptionalClaim::ClientId,
            OptionalClaim::IssuedAt,
            OptionalClaim::TokenId,
        ])
    })
    .await;
    for service in [&strict, &lenient] {
        let sign = |header: Value, claims: &Value| {
            service.authorization_server.sign_jwt(header, claims.to_string())
        };
        let mut deviations = Vec::new();
        for media_type in [json!("JWT"), json!("application/jwt"), Value::Null] {
            let mut header = header(service);
            header["typ"] = media_type;
            header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            deviations.push(sign(header, &claims(service)));
        }
        for claim in ["client_id", "iat", "jti"] {
            let mut claims = claims(service);
            claims.as_object_mut().unwrap().remove(claim);
            deviations.push(sign(header(service), &claims));
        }
        for token in deviations {
            let response = read(service, &token).await;
            if std::ptr::eq(service, &raw const strict) {
                assert_invalid(&response);
            } else {
                assert_ran(&response, "alice may");
            }
        }
    }
}

#[tokio::test]
async fn exp_and_nbf_have_a_leeway_of_30_seconds() {
    // R-F5
    let default = service().await;
    let longer = service_with(|verifier| verifier.leeway(Duration::from_secs(300))).await;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for (service, accepted, rejected) in [(&default, 10, 60), (&longer, 250, 350)] {
        for (member, accepted, rejected) in
            [("exp", now - accepted, now - rejected), ("nbf", now + accepted, now + rejected)]
        {
            let token = |time: u64| {
                let mut claims = claims(service);
                claims[member] = time.into();
                service.authorization_server.sign_jwt(header(service), claims.to_string())
            };
            assert_ran(&read(service, &token(accepted)).await, "alice may");
            assert_invalid(&read(service, &token(rejected)).await);
        }
    }
}

#[tokio::test]
async fn a_verified_token_is_verified_once() {
    // R-F9
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start();
    let server = server.await.unwrap();
    let verifier = JwtVerifier::from_issuer(server.issuer()).build().unwrap();
    let service = Service::with_resolver(server, Cached::new(verifier)).await;
    let token = service.token("read");
    assert_ran(&read(&service, &token).await, "alice may");
    service.authorization_server.stop().await.unwrap();
    assert_ran(&read(&service, &token).await, "alice may");
    let response = Request::get("/read-write").bearer(&token).send(service.address).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read write");
}
