//! Proofs that an attacker has made or stolen: one test for each check of RFC 9449 §4.3.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fixtures::raw_http::Request;
use requires_auth::SigningAlgorithm;
use requires_auth::testing::{DpopKey, ManualClock};
use serde_json::{Value, json};

use super::{Bound, URI, assert_invalid_proof, dpop, token};
use crate::assert_ran;
use crate::service::Service;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A proof with exactly this header and these claims, signed with the key.
fn signed(key: &DpopKey, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    format!("{message}.{}", encode(key.sign_bytes(&message)))
}

/// The header and the claims of a valid proof.
fn parts(bound: &Bound) -> (Value, Value) {
    let proof = bound.proof().sign();
    let mut parts = proof.split('.').map(|part| {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap_or_default()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}

async fn assert_rejected(bound: &Bound, proof: impl AsRef<str>, why: &str) {
    let before = bound.service.introspection_requests();
    assert_invalid_proof(&bound.call(proof).await);
    assert_eq!(bound.service.runs(), 0, "{why}");
    assert_eq!(bound.service.introspection_requests(), before, "no request for it: {why}");
}

#[tokio::test]
async fn the_request_has_exactly_one_proof() {
    // R-H1, check 1
    let bound = Bound::start().await;
    let request = || Request::get("/read").header("authorization", format!("DPoP {}", bound.token));
    let proof = || bound.proof().sign();
    assert_invalid_proof(&request().send(bound.service.address).await);
    for (first, second) in [(proof(), proof()), (proof(), String::new()), (String::new(), proof())]
    {
        let request = request().header("dpop", first).header("DPoP", second);
        assert_invalid_proof(&request.send(bound.service.address).await);
    }
    let one = proof();
    for list in [format!("{one}, {}", proof()), format!("{one},"), format!("DPoP {one}")] {
        assert_rejected(&bound, list, "a list, or a scheme").await;
    }
    assert_eq!(bound.service.runs(), 0);
}

#[tokio::test]
async fn a_proof_is_a_well_formed_jwt_with_each_required_member_once() {
    // R-H1, checks 2 and 3
    let bound = Bound::start().await;
    let good = bound.proof().sign();
    let (header, claims) = parts(&bound);
    for proof in [
        "",
        "x",
        "a.b.c",
        "..",
        &format!("{good}."),
        &format!("{good}.x"),
        &format!(".{good}"),
        good.rsplit_once('.').unwrap().0,
        &good.replace('.', ".."),
        &format!("{good}="),
        &good.replacen('.', ".=", 1),
    ] {
        assert_rejected(&bound, proof, proof).await;
    }
    for name in ["typ", "alg", "jwk"] {
        for value in [Value::Null, json!(1), json!([]), json!({}), json!(""), json!(true)] {
            let mut header = header.clone();
            header[name] = value.clone();
            let proof = signed(&bound.key, &header.to_string(), &claims.to_string());
            assert_rejected(&bound, proof, &format!("{name}: {value}")).await;
        }
        let proof = bound.proof().header_parameter(name, Value::Null).sign();
        assert_rejected(&bound, proof, &format!("without {name}")).await;
    }
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        for value in [Value::Null, json!([]), json!({}), json!(""), json!(true)] {
            let mut claims = claims.clone();
            claims[name] = value.clone();
            let proof = signed(&bound.key, &header.to_string(), &claims.to_string());
            assert_rejected(&bound, proof, &format!("{name}: {value}")).await;
        }
        let proof = bound.proof().claim(name, Value::Null).sign();
        assert_rejected(&bound, proof, &format!("without {name}")).await;
    }
    // The members that are compared, twice: the first or the last one may be the right one.
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        for order in [[&claims[name], &json!("other")], [&json!("other"), &claims[name]]] {
            let [first, second] = order.map(|value| format!("\"{name}\":{value}"));
            let text = claims.to_string();
            let text = format!("{{{first},{second},{}", &text[1..]);
            assert_rejected(&bound, signed(&bound.key, &header.to_string(), &text), name).await;
        }
    }
    for name in ["typ", "alg", "jwk"] {
        let text = header.to_string();
        let text = format!("{{\"{name}\":{},{}", header[name], &text[1..]);
        assert_rejected(&bound, signed(&bound.key, &text, &claims.to_string()), name).await;
    }
    for text in ["[]", "null", "1", "\"x\"", "{", "{}x", "", "{\"a\":1"] {
        assert_rejected(&bound, signed(&bound.key, &header.to_string(), text), text).await;
        assert_rejected(&bound, signed(&bound.key, text, &claims.to_string()), text).await;
    }
    let nested = format!("{{\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_rejected(&bound, signed(&bound.key, &nested[..6000], &claims.to_string()), "deep").await;
    let long = bound.proof().claim("x", "a".repeat(8 * 1024)).sign();
    assert_rejected(&bound, long, "more than 8 KiB").await;
}

#[tokio::test]
async fn the_type_is_that_of_a_proof() {
    // R-H1, check 4
    let bound = Bound::start().await;
    for kind in ["JWT", "jwt", "at+jwt", "dpop", "application/dpop+jwt", "dpop+jwt ", "DPOP+JWT"] {
        assert_rejected(&bound, bound.proof().header_parameter("typ", kind).sign(), kind).await;
    }
}

#[tokio::test]
async fn the_algorithm_is_an_asymmetric_one_of_the_list() {
    // R-H1, check 5
    let bound = Bound::start().await;
    for algorithm in
        ["none", "None", "nOnE", "", "HS256", "HS512", "es256", "ES512", "ES256K", "RS1", "PS512"]
    {
        let proof = bound.proof().header_parameter("alg", algorithm).sign();
        assert_rejected(&bound, &proof, algorithm).await;
        let unsigned = format!("{}.", proof.rsplit_once('.').unwrap().0);
        assert_rejected(&bound, unsigned, algorithm).await;
    }
    // A symmetric key in the proof, and an HMAC with it.
    let secret = b"a secret that the caller has chosen";
    let (mut header, claims) = parts(&bound);
    header["jwk"] = json!({ "kty": "oct", "k": encode(secret) });
    for algorithm in ["HS256", "ES256"] {
        header["alg"] = algorithm.into();
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let proof = format!("{message}.{}", encode(hmac::sign(&key, message.as_bytes())));
        assert_rejected(&bound, proof, algorithm).await;
    }
    // An algorithm of the list for a key of another kind.
    for algorithm in ["EdDSA", "RS256", "ES384"] {
        let proof = bound.proof().header_parameter("alg", algorithm).sign();
        assert_rejected(&bound, proof, algorithm).await;
    }
}

#[tokio::test]
async fn a_critical_parameter_is_not_understood() {
    // R-H1
    let bound = Bound::start().await;
    let (header, claims) = parts(&bound);
    for critical in [json!(["b64"]), json!([]), json!("exp"), Value::Null] {
        let mut header = header.clone();
        header["crit"] = critical;
        header["b64"] = json!(false);
        let proof = signed(&bound.key, &header.to_string(), &claims.to_string());
        assert_rejected(&bound, proof, "crit").await;
    }
}

#[tokio::test]
async fn the_signature_is_that_of_the_key_in_the_proof() {
    // R-H1, check 6
    let bound = Bound::start().await;
    let good = bound.proof().sign();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for place in [0, 31, 32, 63] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert_rejected(&bound, format!("{message}.{}", encode(changed)), "a changed bit").await;
    }
    for signature in [&bytes[..63], &bytes[..32], &[], &[0; 64], &[&bytes[..], &[0]].concat()] {
        let proof = format!("{message}.{}", encode(signature));
        assert_rejected(&bound, proof, "another length").await;
    }
    // The bits of the last character that encode nothing.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() ^ 1).unwrap();
    let respelled = format!("{message}.{}{next}", &signature[..signature.len() - 1]);
    assert_rejected(&bound, respelled, "another spelling").await;

    // Another key signs for the key of the token.
    let other = DpopKey::generate();
    let (header, claims) = parts(&bound);
    let forged = signed(&other, &header.to_string(), &claims.to_string());
    assert_rejected(&bound, forged, "another key").await;
    // The claims of another proof.
    let another = bound.proof().sign();
    let mut pieces: Vec<&str> = good.split('.').collect();
    pieces[1] = another.split('.').nth(1).unwrap();
    assert_rejected(&bound, pieces.join("."), "the claims of another proof").await;
}

#[tokio::test]
async fn the_key_is_a_public_one_of_a_bounded_size() {
    // R-H1, check 7
    let bound = Bound::start().await;
    let (header, claims) = parts(&bound);
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let mut header = header.clone();
        header["jwk"][member] = json!("AQ");
        let proof = signed(&bound.key, &header.to_string(), &claims.to_string());
        assert_rejected(&bound, proof, member).await;
    }
    for (member, value) in [
        ("kty", json!("RSA")),
        ("kty", json!("oct")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("crv", Value::Null),
        ("x", json!("")),
        ("x", json!("AA")),
        ("x", json!(encode([0; 32]))),
        ("y", json!(encode([0xff; 32]))),
        ("y", Value::Null),
        ("use", json!("enc")),
        ("key_ops", json!(["sign"])),
        ("alg", json!("ES384")),
    ] {
        let mut header = header.clone();
        header["jwk"][member] = value.clone();
        let proof = signed(&bound.key, &header.to_string(), &claims.to_string());
        assert_rejected(&bound, proof, &format!("{member}: {value}")).await;
    }
    // RSA: a modulus of 1024 bits, of more than 4096 bits, of zero, and one whose verification would take long.
    let rsa = DpopKey::generate_for(SigningAlgorithm::Rs256);
    for (n, e) in [
        (vec![0xff; 128], "AQAB"),
        (vec![0xff; 513], "AQAB"),
        (vec![0xff; 1024], "AQAB"),
        (Vec::new(), "AQAB"),
        (vec![0; 256], "AQAB"),
        (vec![0xff; 256], "AQ"),
        (vec![0xff; 256], "Ag"),
        (vec![0xff; 256], "____________________________________________________________________"),
    ] {
        let jwk = json!({ "kty": "RSA", "n": encode(&n), "e": e });
        let header = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": jwk });
        let proof = signed(&rsa, &header.to_string(), &claims.to_string());
        assert_rejected(&bound, proof, &format!("{} bytes, {e}", n.len())).await;
    }
}

#[tokio::test]
async fn the_method_is_that_of_the_request() {
    // R-H1, check 8
    let bound = Bound::start().await;
    for method in ["POST", "HEAD", "get", "Get", "GET ", " GET", "", "*", "CONNECT"] {
        let proof = bound.key.proof(method, URI).access_token(&bound.token).sign();
        assert_rejected(&bound, proof, method).await;
    }
    let head = || Request::new("HEAD", "/read");
    assert_eq!(bound.send(head(), bound.proof().sign()).await.status, 401, "a proof for GET");
    let proof = bound.key.proof("HEAD", URI).access_token(&bound.token).sign();
    assert_eq!(bound.send(head(), proof).await.status, 200);
}

#[tokio::test]
async fn the_uri_is_that_of_the_request() {
    // R-H1, check 9
    let bound = Bound::start().await;
    for uri in [
        "http://api.example/read",
        "https://api.example:8443/read",
        "https://api.example:80/read",
        "https://evil.example/read",
        "https://api.example.evil.example/read",
        "https://api.example@evil.example/read",
        "https://user@api.example/read",
        "https://api.example/",
        "https://api.example",
        "https://api.example/read/",
        "https://api.example/Read",
        "https://api.example//read",
        "https://api.example/v1/read",
        "https://api.example/read%2F",
        "https://api.example/read%3Fx",
        "https://api.example/read%00",
        "https://api.example/read;x",
        "https://api.example\\read",
        "https://api.example/read ",
        "//api.example/read",
        "/read",
        "read",
        "",
        "*",
        "https://api.example./read",
    ] {
        let proof = bound.key.proof("GET", uri).access_token(&bound.token).sign();
        assert_rejected(&bound, proof, uri).await;
    }
    // The address by which the request arrives, which the caller can choose.
    let address = format!("http://{}/read", bound.service.address);
    let proof = bound.key.proof("GET", &address).access_token(&bound.token).sign();
    assert_rejected(&bound, proof, &address).await;
    let host = Request::new_to("evil.example", "GET", "/read");
    let proof = bound.key.proof("GET", "https://evil.example/read").access_token(&bound.token);
    assert_invalid_proof(&bound.send(host, proof.sign()).await);
    let forwarded = Request::get("/read").header("x-forwarded-host", "evil.example");
    let proof = bound.key.proof("GET", "https://evil.example/read").access_token(&bound.token);
    assert_invalid_proof(&bound.send(forwarded, proof.sign()).await);
    assert_eq!(bound.service.runs(), 0);

    for uri in [
        URI,
        "HTTPS://API.EXAMPLE/read",
        "https://api.example:443/read",
        "https://api.example/./read",
        "https://api.example/x/../read",
        "https://api.example/%72ead",
        "https://api.example/read?a=b",
        "https://api.example/read#x",
    ] {
        let proof = bound.key.proof("GET", uri).access_token(&bound.token).sign();
        assert_ran(&bound.call(proof).await, "alice may");
    }
    // The query of the request is not part of it.
    let request = Request::get("/read?page=2");
    assert_ran(&bound.send(request, bound.proof().sign()).await, "alice may");
}

#[tokio::test]
async fn the_time_is_within_the_window() {
    // R-H1, check 11, at both edges, while the clock moves
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let clock = ManualClock::at(now);
    let server_clock = clock.clone();
    let service = Service::with(|it| it, |server| server.clock(server_clock)).await;
    let mint = service.authorization_server.mint().subject("alice").never_expires();
    let key = DpopKey::generate();
    let token = mint.audience(crate::service::RESOURCE).scopes("read").bound_to(&key).issue();
    let bound = Bound { service, key, token };
    let at = |seconds: i64| json!(2_000_000_000_i64 + seconds);
    for (iat, is_accepted) in [
        (at(0), true),
        (at(-300), true),
        (at(300), true),
        (json!(1_999_999_700.5), true),
        (at(-301), false),
        (at(301), false),
        (json!(1_999_999_699.9), false),
        (json!(2_000_000_300.1), false),
        (json!(0), false),
        (json!(-1), false),
        (json!(2_000_000_000_000_i64), false),
        (json!(1e300), false),
        // No `SystemTime` is so late.
        (json!(1e19), false),
        (json!(u64::MAX), false),
        (json!("2000000000"), false),
    ] {
        let response = bound.call(bound.proof().claim("iat", iat.clone()).sign()).await;
        assert_eq!(response.status == 200, is_accepted, "{iat}");
        if !is_accepted {
            assert_invalid_proof(&response);
        }
    }
    // One that is kept until it is too old.
    let kept = bound.proof().claim("iat", at(0)).sign();
    clock.advance(Duration::from_secs(301));
    assert_invalid_proof(&bound.call(kept).await);
    // `exp` and `nbf` are not required, and obeyed.
    for (name, value, is_accepted) in [
        ("exp", 302, true),
        ("exp", 301, false),
        ("exp", 0, false),
        ("nbf", 601, true),
        ("nbf", 602, false),
    ] {
        let proof = bound.proof().claim("iat", at(301)).claim(name, at(value)).sign();
        assert_eq!(bound.call(proof).await.status == 200, is_accepted, "{name} {value}");
    }
}

#[tokio::test]
async fn the_proof_is_for_this_access_token() {
    // R-H1, check 12 a
    let bound = Bound::start().await;
    let other = token(&bound.service.authorization_server, &bound.key);
    let proof = bound.key.proof("GET", URI).access_token(&other).sign();
    assert_rejected(&bound, proof, "another token of the same key").await;
    let hash = URL_SAFE_NO_PAD.encode([0; 32]);
    for ath in [&*hash, "x", &bound.token, &format!("{hash}=")] {
        assert_rejected(&bound, bound.proof().claim("ath", ath).sign(), ath).await;
    }
    let valid = bound.proof();
    let request = dpop(Request::get("/read"), &other, valid.sign());
    assert_invalid_proof(&request.send(bound.service.address).await);
}

#[tokio::test]
async fn a_client_whose_key_is_known_is_verified_as_before() {
    // R-H1: the header of its proofs is read once, and nothing else of them.
    let bound = Bound::start().await;
    for _ in 0..2 {
        assert_ran(&bound.call(bound.proof().sign()).await, "alice may");
    }
    let (header, claims) = parts(&bound);
    let (header, claims) = (header.to_string(), claims.to_string());
    let good = signed(&bound.key, &header, &claims);
    let forged = signed(&DpopKey::generate(), &header, &claims);
    let (message, _) = good.rsplit_once('.').unwrap();
    for proof in [
        forged,
        format!("{message}."),
        format!("{message}.{}", encode([0; 64])),
        bound.proof().claim("htm", "POST").sign(),
        bound.proof().claim("htu", "https://evil.example/read").sign(),
        bound.proof().claim("iat", 0).sign(),
        bound.proof().claim("ath", encode([0; 32])).sign(),
        bound.proof().header_parameter("typ", "JWT").sign(),
        bound.proof().header_parameter("alg", "none").sign(),
        bound.proof().header_parameter("crit", json!(["x"])).sign(),
    ] {
        assert_invalid_proof(&bound.call(proof).await);
    }
    assert_ran(&bound.call(good).await, "alice may");
    assert_eq!(bound.service.runs(), 3);
    // The token of another key does not become the caller's.
    let other = token(&bound.service.authorization_server, &DpopKey::generate());
    let proof = bound.key.proof("GET", URI).access_token(&other).sign();
    let response = dpop(Request::get("/read"), &other, proof).send(bound.service.address).await;
    assert_eq!((response.status, bound.service.runs()), (401, 3));
}
