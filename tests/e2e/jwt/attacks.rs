//! Tokens that an attacker or another server has made.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use requires_auth::JwtVerifierBuilder;
use serde_json::{Value, json};

use super::{assert_invalid, claims, header, read, service};
use crate::assert_ran;
use crate::service::{RESOURCE, Service};

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A JWT with this header and a signature that is no signature of the issuer.
fn forged(header: &Value, claims: &Value, signature: impl AsRef<[u8]>) -> String {
    let input = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    format!("{input}.{}", encode(signature))
}

fn with(mut value: Value, member: &str, other: Value) -> Value {
    value[member] = other;
    value
}

async fn assert_rejected_without_network(service: &Service, token: &str, why: &str) {
    let before = service.authorization_server.key_set_requests();
    assert_invalid(&read(service, token).await);
    assert_eq!(service.authorization_server.key_set_requests(), before, "{why}");
    assert_eq!((service.runs(), service.introspection_requests()), (0, 0), "{why}");
}

#[tokio::test]
async fn an_algorithm_that_is_not_allowed_is_rejected_without_network_access() {
    // R-F1
    let service = service().await;
    for algorithm in ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "ES512", "rs256", "RS1"]
    {
        let header = with(header(&service), "alg", algorithm.into());
        for signature in ["", "x"] {
            let token = forged(&header, &claims(&service), signature);
            assert_rejected_without_network(&service, &token, algorithm).await;
        }
    }
    // An HMAC whose secret is the public key, in each form that a server may confuse with one.
    let jwk = service.authorization_server.public_jwk();
    for secret in [service.authorization_server.public_key_pem(), jwk.to_string()] {
        let header = with(header(&service), "alg", "HS256".into());
        let unsigned = forged(&header, &claims(&service), "");
        let input = unsigned.trim_end_matches('.');
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let token = format!("{input}.{}", encode(hmac::sign(&key, input.as_bytes())));
        assert_rejected_without_network(&service, &token, "HMAC with the public key").await;
    }
}

#[tokio::test]
async fn a_key_in_the_token_is_not_used() {
    // R-F2. The attacker's server signs, and names its own key in every way that there is.
    let (service, attacker) = (service().await, service().await);
    let own = attacker.authorization_server.public_jwk();
    let key_set = attacker.authorization_server.jwks_uri();
    for (parameter, value) in [
        ("jwk", own.clone()),
        ("jku", json!(key_set)),
        ("x5u", json!(key_set)),
        ("x5c", json!(["MIIB"])),
        ("kid", json!(key_set)),
        ("kid", json!("../../../../dev/null")),
        ("kid", own["kid"].clone()),
    ] {
        let header = with(header(&service), parameter, value);
        let token = attacker.authorization_server.sign_jwt(header, claims(&service).to_string());
        assert_invalid(&read(&service, &token).await);
    }
    assert_eq!(attacker.authorization_server.key_set_requests(), 0);
    // The right key of the right issuer beside such parameters is the right key.
    let header = with(header(&service), "jku", json!(key_set));
    let token = service.authorization_server.sign_jwt(header, claims(&service).to_string());
    assert_ran(&read(&service, &token).await, "alice may");
    assert_eq!(attacker.authorization_server.key_set_requests(), 0);
}

#[tokio::test]
async fn a_malformed_token_is_rejected_without_network_access() {
    // R-F6
    let service = service().await;
    let good =
        service.authorization_server.sign_jwt(header(&service), claims(&service).to_string());
    let [head, payload, signature]: [&str; 3] =
        good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let of_header = |json: &str| format!("{}.{payload}.{signature}", encode(json));
    let of_payload = |json: &str| format!("{head}.{}.{signature}", encode(json));
    let deep = |depth: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let tokens = [
        ("two parts", format!("{head}.{payload}")),
        ("four parts", format!("{good}.x")),
        ("five parts", format!("{head}.x.y.z.{signature}")),
        ("empty header", format!(".{payload}.{signature}")),
        ("empty payload", format!("{head}..{signature}")),
        ("padding", format!("{head}.{payload}=.{signature}")),
        ("standard alphabet", format!("{head}.{payload}+/.{signature}")),
        ("header is no JSON", of_header("x")),
        ("header is an array", of_header("[]")),
        ("header without alg", of_header(r#"{"typ":"at+jwt"}"#)),
        ("alg is a number", of_header(r#"{"alg":1,"typ":"at+jwt"}"#)),
        ("alg twice", of_header(r#"{"alg":"ES256","alg":"ES256","typ":"at+jwt"}"#)),
        ("kid is null", of_header(r#"{"alg":"ES256","kid":null,"typ":"at+jwt"}"#)),
        ("kid is an object", of_header(r#"{"alg":"ES256","kid":{},"typ":"at+jwt"}"#)),
        (
            "long kid",
            of_header(&json!({"alg":"ES256","kid":"k".repeat(257),"typ":"at+jwt"}).to_string()),
        ),
        ("crit", of_header(r#"{"alg":"ES256","crit":["b64"],"b64":false,"typ":"at+jwt"}"#)),
        ("empty crit", of_header(r#"{"alg":"ES256","crit":[],"typ":"at+jwt"}"#)),
        ("compressed", of_header(r#"{"alg":"ES256","zip":"DEF","typ":"at+jwt"}"#)),
        ("encrypted", of_header(r#"{"alg":"ES256","enc":"A128GCM","typ":"at+jwt"}"#)),
        ("unknown member twice", of_header(r#"{"alg":"ES256","x":1,"x":2,"typ":"at+jwt"}"#)),
        ("deep header", of_header(&deep(2000))),
        ("payload is no JSON", of_payload("x")),
        ("payload is an array", of_payload("[]")),
        ("payload is not UTF-8", format!("{head}.{}.{signature}", encode(b"{\"a\":\"\xff\"}"))),
        ("deep payload", of_payload(&deep(2000))),
        ("reserved member", of_payload(r#"{"$serde_json::private::RawValue":"{}"}"#)),
    ];
    for (why, token) in tokens {
        assert_rejected_without_network(&service, &token, why).await;
    }
    // Each base64url text with other trailing bits than zero.
    for (part, name) in [(head, "header"), (payload, "payload"), (signature, "signature")] {
        let last = part.bytes().last().unwrap();
        for other in *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
            if other == last {
                continue;
            }
            let mut changed = part.to_owned();
            changed.pop();
            changed.push(char::from(other));
            let token = good.replace(part, &changed);
            assert_invalid(&read(&service, &token).await);
            assert_eq!(service.runs(), 0, "the last character of the {name} is changed");
        }
    }
    assert_ran(&read(&service, &good).await, "alice may");
}

#[tokio::test]
async fn a_claim_of_the_wrong_type_or_value_is_rejected() {
    // R-F5, R-F6: signed by the issuer.
    let service = service().await;
    let sign = |claims: &str| service.authorization_server.sign_jwt(header(&service), claims);
    let issuer = service.authorization_server.issuer();
    for (member, values) in [
        (
            "iss",
            vec![json!(1), json!(null), json!([issuer]), json!(format!("{issuer}/")), json!("")],
        ),
        (
            "aud",
            vec![
                json!(1),
                json!(null),
                json!({}),
                json!([1]),
                json!("other"),
                json!([]),
                json!(format!("{RESOURCE}/")),
                json!([[RESOURCE]]),
            ],
        ),
        (
            "exp",
            vec![json!("4102444800"), json!(null), json!(0), json!(-1), json!(1e300), json!([])],
        ),
        ("nbf", vec![json!("1"), json!(null), json!(4_102_444_799_u64)]),
        ("iat", vec![json!("1"), json!(null)]),
        ("sub", vec![json!(1), json!(null), json!(["alice"])]),
        ("client_id", vec![json!(1), json!(null)]),
        ("jti", vec![json!(1), json!(null)]),
        (
            "scope",
            vec![
                json!(["read"]),
                json!(["read", 1]),
                json!([["read"]]),
                json!(null),
                json!(1),
                json!({"read": true}),
            ],
        ),
        ("cnf", vec![json!({"jkt": "x"}), json!(null)]),
        ("token_use", vec![json!("id"), json!("refresh")]),
    ] {
        for value in values {
            let changed = with(claims(&service), member, value.clone());
            let response = read(&service, &sign(&changed.to_string())).await;
            assert_invalid(&response);
            assert_eq!(service.runs(), 0, "{member}: {value}");
        }
    }
    for absent in ["iss", "aud", "exp", "sub", "client_id", "iat", "jti"] {
        let mut claims = claims(&service);
        claims.as_object_mut().unwrap().remove(absent);
        assert_invalid(&read(&service, &sign(&claims.to_string())).await);
        assert_eq!(service.runs(), 0, "without {absent}");
    }
    let twice = claims(&service).to_string();
    for repeated in [r#","scope":"read"}"#, r#","x":1,"x":1}"#, r#","x":{"y":1,"y":2}}"#] {
        let claims = format!("{}{repeated}", twice.trim_end_matches('}'));
        assert_invalid(&read(&service, &sign(&claims)).await);
        assert_eq!(service.runs(), 0, "{repeated}");
    }
    assert_ran(&read(&service, &sign(&twice)).await, "alice may");
}

#[tokio::test]
async fn another_kind_of_jwt_is_no_access_token() {
    // R-F8: signed by the issuer, also where `typ` is not checked.
    let strict = service().await;
    let lenient = super::service_with(JwtVerifierBuilder::accept_generic_type).await;
    for service in [&strict, &lenient] {
        for media_type in
            ["dpop+jwt", "logout+jwt", "token-introspection+jwt", "secevent+jwt", "rt+jwt", "jose"]
        {
            let header = with(header(service), "typ", media_type.into());
            let token = service.authorization_server.sign_jwt(header, claims(service).to_string());
            assert_rejected_without_network(service, &token, media_type).await;
        }
    }
    for (member, value) in [
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("events", json!({})),
        ("token_introspection", json!({"active": true})),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("typ", json!("Offline")),
    ] {
        let header = with(header(&lenient), "typ", "JWT".into());
        let claims = with(claims(&lenient), member, value);
        let token = lenient.authorization_server.sign_jwt(header, claims.to_string());
        assert_invalid(&read(&lenient, &token).await);
        assert_eq!(lenient.runs(), 0, "{member}");
    }
}

#[tokio::test]
async fn a_token_of_another_issuer_or_for_another_resource_is_rejected() {
    // R-F5, R-F11
    let (service, other) = (service().await, service().await);
    let foreign = other.token("read");
    assert_rejected_without_network(&service, &foreign, "another issuer").await;
    assert_eq!(other.authorization_server.key_set_requests(), 0);
    // The other server claims to be this issuer.
    let token = other.authorization_server.sign_jwt(header(&other), claims(&service).to_string());
    assert_invalid(&read(&service, &token).await);
    let mint = service.authorization_server.mint().subject("alice").scopes("read");
    assert_invalid(&read(&service, &mint.audience("https://tenant-2.example").issue()).await);
    let expired = service.authorization_server.mint().subject("alice").audience(RESOURCE);
    assert_invalid(&read(&service, &expired.scopes("read").expired().issue()).await);
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn a_changed_token_is_rejected() {
    // R-F3
    let service = service().await;
    let token = service.token("read");
    let [head, _, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let payload = encode(with(claims(&service), "scope", "read write".into()).to_string());
    assert_invalid(&read(&service, &format!("{head}.{payload}.{signature}")).await);
    let other = service.token("write");
    let other = other.rsplit('.').next().unwrap();
    assert_invalid(&read(&service, &token.replace(signature, other)).await);
    assert_invalid(&read(&service, token.trim_end_matches(signature)).await);
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn an_rsa_key_that_verifies_forged_signatures_is_skipped() {
    // R-F3: with the public exponent 1, the signature is the padded hash itself.
    for exponent in ["AQ", "AAAB", "Ag", "AA", ""] {
        let service = service().await;
        let n = [0xff_u8; 256];
        let weak =
            json!({"kty": "RSA", "kid": "weak", "alg": "RS256", "n": encode(n), "e": exponent});
        let good = service.authorization_server.public_jwk();
        service.authorization_server.set_key_set(json!({ "keys": [weak, good] }).to_string());
        let header = json!({"alg": "RS256", "kid": "weak", "typ": "at+jwt"});
        let unsigned = forged(&header, &claims(&service), "");
        let hash = digest::digest(&digest::SHA256, unsigned.trim_end_matches('.').as_bytes());
        // EMSA-PKCS1-v1_5 (RFC 8017 section 9.2).
        let prefix =
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
        let padding = [0xff; 202];
        let padded = [&[0, 1], &padding[..], &[0], prefix, hash.as_ref()].concat();
        assert_eq!(padded.len(), n.len());
        assert_invalid(&read(&service, &format!("{unsigned}{}", encode(padded))).await);
        assert_eq!(service.runs(), 0, "{exponent}");
        assert_ran(&read(&service, &service.token("read")).await, "alice may");
    }
}
