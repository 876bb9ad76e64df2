//! DPoP proofs. The lines of the input: the path of the request, the header and the claims of the proof, and the
//! signature that takes the place of the valid one.

use std::error::Error;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, Method, Request, Uri};
use requires_auth::testing::ManualClock;
use requires_auth::{
    AccessToken, AuthInfo, Claims, Condition, Dpop, DpopProofError, Rejection, ResolveError,
    Resolver, ResourceServer,
};

use crate::authorization_header::{answer, answer_to_invalid_proof};
use crate::json::Json;
use crate::server::{RESOURCE, ready};

/// In seconds since 1970.
const NOW: f64 = 1_800_000_000.0;
const WINDOW: f64 = 300.0;
const ORIGIN: &str = "https://api.example";
const TOKEN: &str = "t0k3n";

/// The key that the token is bound to, and another one, each with its public part.
static KEYS: LazyLock<[(Ed25519KeyPair, String); 2]> = LazyLock::new(|| {
    [1, 2].map(|seed| {
        let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let x = URL_SAFE_NO_PAD.encode(key.public_key());
        (key, x)
    })
});

/// Accepts every token, and binds it to the first key.
#[derive(Clone, Default)]
struct Bound(Arc<Mutex<usize>>);

impl Resolver for Bound {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        *self.0.lock().unwrap() += 1;
        let key = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, KEYS[0].1);
        let jkt = URL_SAFE_NO_PAD.encode(digest(&SHA256, key.as_bytes()));
        let claims = format!(
            r#"{{"active":true,"scope":"read","aud":"{RESOURCE}","cnf":{{"jkt":"{jkt}"}}}}"#
        );
        Claims::from_introspection(claims.as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "bound".to_owned()
    }
}

/// What the proof is, by the words of RFC 9449 §4.3.
#[derive(Debug, PartialEq)]
enum Expected {
    Accepted,
    /// Valid, with another key than that of the token.
    OtherKey,
    Invalid,
}

// R-H1
pub fn run(data: &[u8]) {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (path, header, claims) = (line(), line(), line());
    let uri = Uri::try_from(path).ok().filter(|uri| uri.path().starts_with('/'));
    let uri = uri.filter(|uri| uri.authority().is_none()).unwrap_or(Uri::from_static("/entries"));
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = key_of(header);
    // Of a header without one of the keys, no signature is valid.
    let index = usize::from(matches!(key, Ok(1)));
    let own = URL_SAFE_NO_PAD.encode(KEYS[index].0.sign(signed.as_bytes()));
    let other = lines.next().map(String::from_utf8_lossy);
    let signature = other.as_deref().unwrap_or(&own);
    let Ok(proof) = HeaderValue::try_from(format!("{signed}.{signature}")) else { return };
    let expected = match (is_signature(signature, &own), key) {
        (true, Ok(key)) => are_accepted_claims(claims, uri.path()).map(|accepted| match key {
            0 if accepted => Expected::Accepted,
            1 if accepted => Expected::OtherKey,
            _ => Expected::Invalid,
        }),
        (true, Err(Undecided)) => return,
        _ => Ok(Expected::Invalid),
    };
    let Ok(expected) = expected else { return };
    check(&uri, &proof, &expected);
}

fn check(uri: &Uri, proof: &HeaderValue, expected: &Expected) {
    let resolver = Bound::default();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(NOW);
    let server = ResourceServer::builder(RESOURCE)
        .authorization_servers(["https://auth.example"])
        .resolver(resolver.clone())
        .dpop(Dpop::accepted())
        .clock(ManualClock::at(time))
        .build()
        .unwrap();
    let send = |method: Method, token: &str, proofs: &[&HeaderValue]| {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert("authorization", format!("DPoP {token}").parse().unwrap());
        for proof in proofs {
            headers.append("dpop", (*proof).clone());
        }
        let mut parts = request.into_parts().0;
        ready(server.authorize(&mut parts, Condition::Scope("read")))
    };
    let result = send(Method::POST, TOKEN, &[proof]);
    match expected {
        Expected::Accepted => {
            let caller = result.unwrap_or_else(|rejection| panic!("{rejection:?}: {proof:?}"));
            assert_eq!(caller.token().expose(), TOKEN);
            assert_eq!(*resolver.0.lock().unwrap(), 1);
            assert_invalid(send(Method::POST, TOKEN, &[proof, proof]), DpopProofError::Several);
            assert_invalid(send(Method::GET, TOKEN, &[proof]), DpopProofError::Method);
            assert_invalid(send(Method::POST, "other", &[proof]), DpopProofError::TokenHash);
            assert_eq!(*resolver.0.lock().unwrap(), 1, "the proof decides first");
            assert_invalid(send(Method::POST, TOKEN, &[proof]), DpopProofError::Replayed);
        }
        Expected::OtherKey => {
            let answer = answer(&result.expect_err("the token is bound to another key"));
            assert!(answer.starts_with("401\nDPoP algs="), "{answer}");
            assert!(answer.contains(r#", error="invalid_token", "#), "{answer}");
        }
        Expected::Invalid => {
            let rejection = result.expect_err("the proof is not valid");
            assert_eq!(answer(&rejection), answer_to_invalid_proof(), "{proof:?}");
            assert_eq!(*resolver.0.lock().unwrap(), 0, "the token is resolved");
        }
    }
}

fn assert_invalid(result: Result<AuthInfo, Rejection>, error: DpopProofError) {
    let rejection = result.unwrap_err();
    let found = rejection.source().and_then(|source| source.downcast_ref::<DpopProofError>());
    assert_eq!(found, Some(&error));
    assert_eq!(answer(&rejection), answer_to_invalid_proof());
}

/// An input for which this target has no expectation.
struct Undecided;

/// Ed25519 has one signature for each text, and base64url without padding one text for each signature.
fn is_signature(signature: &str, own: &str) -> bool {
    signature == own
}

/// The members of an object, if none of those that are read is there twice. A member that is not read may be anything.
fn object(json: Json, read: &[&str]) -> Option<Json> {
    let Json::Object(members) = &json else { return None };
    let count = |name: &&str| members.iter().filter(|(member, _)| member == name).count();
    read.iter().all(|name| count(name) <= 1).then_some(json)
}

/// The value of a member that is there and not `null`.
fn member<'a>(object: &'a Json, name: &str) -> Option<&'a Json> {
    object.get(name).filter(|value| **value != Json::Null)
}

/// Which of the keys a valid header has.
fn key_of(bytes: &[u8]) -> Result<usize, Undecided> {
    const NO_KEY: usize = 2;
    let header = Json::parse(bytes).ok_or(Undecided)?;
    Ok(accepted_key(header).unwrap_or(NO_KEY))
}

/// RFC 9449 §4.2, RFC 7517 §4, RFC 8037 §2.
fn accepted_key(header: Json) -> Option<usize> {
    let header = object(header, &["typ", "alg", "jwk", "crit"])?;
    let is_algorithm = |name: &str| name == "EdDSA" || name == "Ed25519";
    let is_header = header.get("typ")?.as_str()? == "dpop+jwt"
        && is_algorithm(header.get("alg")?.as_str()?)
        && header.get("crit").is_none();
    let texts = ["kty", "kid", "alg", "use", "crv", "n", "e", "x", "y"];
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    let all = [&texts[..], &private, &["key_ops"]].concat();
    let jwk = object(header.get("jwk")?.clone(), &all)?;
    let text = |name: &str| member(&jwk, name).and_then(Json::as_str);
    let operations = match member(&jwk, "key_ops") {
        None => None,
        Some(Json::Array(all)) => Some(all.iter().map(Json::as_str).collect::<Option<Vec<_>>>()?),
        Some(_) => return None,
    };
    let is_key = texts.iter().all(|name| member(&jwk, name).is_none() || text(name).is_some())
        && private.iter().all(|name| member(&jwk, name).is_none())
        && text("kty") == Some("OKP")
        && text("crv") == Some("Ed25519")
        && text("kid").is_none_or(|id| id.len() <= 256)
        && text("alg").is_none_or(is_algorithm)
        && text("use").is_none_or(|usage| usage == "sig")
        && operations.is_none_or(|all| all.contains(&"verify"))
        && text("n").is_none_or(|modulus| !is_long_modulus(modulus));
    let key = KEYS.iter().position(|(_, x)| text("x") == Some(x));
    key.filter(|_| is_header && is_key)
}

/// Whether it has more than 4096 bits. It is that of an RSA key: another key may have it, too, without a use.
fn is_long_modulus(text: &str) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    bytes.iter().skip_while(|byte| **byte == 0).count() > 512
}

/// RFC 9449 §4.3.
fn are_accepted_claims(bytes: &[u8], path: &str) -> Result<bool, Undecided> {
    let claims = Json::parse(bytes).ok_or(Undecided)?;
    let read = ["jti", "htm", "htu", "iat", "ath", "nonce", "exp", "nbf"];
    let Some(claims) = object(claims, &read) else { return Ok(false) };
    let text = |name: &str| member(&claims, name).and_then(Json::as_str);
    let is_optional_number = |name: &str| match member(&claims, name) {
        None => Some(None),
        Some(Json::Number(number)) => Some(Some(number.parse::<f64>().unwrap())),
        Some(_) => None,
    };
    let (Some(Some(iat)), Some(exp), Some(nbf)) =
        (is_optional_number("iat"), is_optional_number("exp"), is_optional_number("nbf"))
    else {
        return Ok(false);
    };
    // `serde_json` may round the last digit of a fraction in another way.
    let is_close = |time: f64, limit: f64| {
        let distance = (time - limit).abs();
        distance > 0.0 && distance < 0.001
    };
    let limits = [NOW, NOW - WINDOW, NOW + WINDOW];
    let times = [Some(iat), exp, nbf];
    if times.iter().flatten().any(|time| limits.iter().any(|limit| is_close(*time, *limit))) {
        return Err(Undecided);
    }
    let ath = URL_SAFE_NO_PAD.encode(digest(&SHA256, TOKEN.as_bytes()));
    let target = normalized(&format!("{ORIGIN}{path}")).filter(|_| !has_dot_segment(path));
    Ok(text("jti").is_some_and(|jti| !jti.is_empty())
        && text("htm") == Some("POST")
        && target.is_some()
        && text("htu").and_then(normalized) == target
        && (NOW - WINDOW..=NOW + WINDOW).contains(&iat)
        && exp.is_none_or(|exp| exp > NOW)
        && nbf.is_none_or(|nbf| nbf <= NOW + WINDOW)
        && text("ath") == Some(&ath)
        && (member(&claims, "nonce").is_none() || text("nonce").is_some()))
}

/// The path of a URI of [`ORIGIN`], normalized by RFC 3986 §6.2.2 and §6.2.3; `None` for any other URI.
fn normalized(uri: &str) -> Option<String> {
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.len() > 8192 {
        return None;
    }
    let end = uri.find(['?', '#']).unwrap_or(uri.len());
    let (scheme, rest) = uri[..end].split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_port = port.chars().all(|it| it.is_ascii_digit())
        && (port.is_empty() || port.trim_start_matches('0') == "443");
    let is_origin = scheme.eq_ignore_ascii_case("https")
        && decoded(host)?.eq_ignore_ascii_case("api.example")
        && is_port;
    is_origin.then_some(())?;
    Some(remove_dot_segments(&decoded(path)?))
}

/// Decodes what needs no encoding, and writes the rest in upper case.
fn decoded(text: &str) -> Option<String> {
    let mut decoded = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            decoded.push(character);
            continue;
        }
        let (high, low) = (characters.next()?, characters.next()?);
        let code = high.to_digit(16)? * 16 + low.to_digit(16)?;
        match char::from_u32(code)? {
            plain if plain.is_ascii_alphanumeric() || "-._~".contains(plain) => decoded.push(plain),
            _ => decoded.extend(['%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]),
        }
    }
    Some(decoded)
}

/// RFC 3986 §5.2.4, in its own steps.
fn remove_dot_segments(path: &str) -> String {
    let mut input = path.to_owned();
    let mut output = String::new();
    while !input.is_empty() {
        if input.starts_with("/./") {
            input.replace_range(..2, "");
        } else if input == "/." {
            "/".clone_into(&mut input);
        } else if input.starts_with("/../") || input == "/.." {
            input.replace_range(..3, if input == "/.." { "/" } else { "" });
            output.truncate(output.rfind('/').unwrap_or(0));
        } else {
            let end = input[1..].find('/').map_or(input.len(), |place| place + 1);
            output.extend(input.drain(..end));
        }
    }
    if output.is_empty() { "/".to_owned() } else { output }
}

/// Routers do not remove them.
fn has_dot_segment(path: &str) -> bool {
    let is_dot = |segment: &str| decoded(segment).is_some_and(|it| it == "." || it == "..");
    path.split('/').any(is_dot)
}
