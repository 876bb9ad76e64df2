//! JWT access tokens. The lines of the input: header, claims, and the signature that takes the place of the valid one. An
//! input of one line is the whole token.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use requires_auth::testing::ManualClock;
use requires_auth::{AccessToken, JwtVerifier, ResolveError, Resolver};

use crate::introspection_response::{compare, is_claim_set};
use crate::json::Json;
use crate::runtime::block_on;

const ISSUER: &str = "https://auth.example";

static KEY: LazyLock<Ed25519KeyPair> = LazyLock::new(|| key(1));

static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    std::thread::spawn(move || serve_keys(&listener));
    let verifier = JwtVerifier::from_issuer(ISSUER).jwks_uri(url).clock(ManualClock::new());
    verifier.build().unwrap()
});

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

/// Answers every request with the public keys `one` and `two`.
fn serve_keys(listener: &TcpListener) {
    let jwk = |id: &str, seed: u8| {
        let x = URL_SAFE_NO_PAD.encode(key(seed).public_key());
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{x}"}}"#)
    };
    let body = format!(r#"{{"keys":[{},{}]}}"#, jwk("one", 1), jwk("two", 2));
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        // A request without a body fits into one read.
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}

// R-F1, R-F3, R-F4, R-F6, R-F7
pub fn run(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let Some(payload) = lines.next() else {
        if let Ok(token) = String::from_utf8_lossy(header).parse::<AccessToken>() {
            assert!(resolve(&token).is_err(), "nobody has signed {:?}", token.expose());
        }
        return;
    };
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let own = URL_SAFE_NO_PAD.encode(KEY.sign(signed.as_bytes()));
    let other = lines.next().map(String::from_utf8_lossy);
    let signature = other.as_deref().unwrap_or(&own);
    let Ok(token) = format!("{signed}.{signature}").parse::<AccessToken>() else { return };
    let claims = claims(payload);
    let expected = own == signature && is_accepted_header(header) && claims.is_some();
    match resolve(&token) {
        Ok(read) => {
            assert!(expected, "accepted: {}", String::from_utf8_lossy(data));
            compare(&claims.unwrap(), &read);
        }
        Err(error) => {
            assert!(!expected, "{error:?}: {}", String::from_utf8_lossy(data));
            assert!(matches!(error, ResolveError::InvalidToken(_)), "{error:?}");
        }
    }
}

fn resolve(token: &AccessToken) -> Result<requires_auth::Claims, ResolveError> {
    block_on(VERIFIER.resolve(token))
}

/// RFC 9068 §4, for the key `one`.
fn is_accepted_header(bytes: &[u8]) -> bool {
    let Some(header @ Json::Object(_)) = Json::parse(bytes) else { return false };
    let text = |name: &str| header.get(name).and_then(Json::as_str);
    let is_type = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == "at+jwt"
    };
    !header.has_repeated_name()
        && text("alg").is_some_and(|alg| alg == "EdDSA" || alg == "Ed25519")
        && text("typ").is_some_and(is_type)
        && text("kid") == Some("one")
        && ["crit", "zip", "enc"].iter().all(|name| header.get(name).is_none())
}

/// RFC 9068 §2.2.
fn claims(bytes: &[u8]) -> Option<Json> {
    let claims = Json::parse(bytes)?;
    let is_complete =
        ["exp", "sub", "client_id", "iat", "jti"].iter().all(|name| claims.get(name).is_some());
    let is_own = claims.get("iss").and_then(Json::as_str) == Some(ISSUER);
    let is_read = is_claim_set(&claims, true) && !claims.has_name_with("$serde_json::private::");
    (is_complete && is_own && is_read).then_some(claims)
}
