//! Introspection responses and claim sets: what is accepted, and which claims are read.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use requires_auth::{Claims, ResolveError, TokenError};

use crate::json::Json;

// R-D1, R-D2, R-D11, R-D12, R-J1
pub fn run(data: &[u8]) {
    let document = Json::parse(data);
    let document = document.filter(|it| !it.has_name_with("$serde_json::private::"));
    check(data, document.as_ref(), true, Claims::from_introspection(data));
    check(data, document.as_ref(), false, Claims::from_json(data));
}

fn check(
    data: &[u8],
    document: Option<&Json>,
    is_introspection: bool,
    read: Result<Claims, ResolveError>,
) {
    let expected = document.map_or(Expected::Invalid, |it| expected(it, is_introspection));
    let text = String::from_utf8_lossy(data);
    match (expected, read) {
        (Expected::Claims, Ok(claims)) => {
            assert_eq!(claims.as_json().as_bytes(), data);
            compare(document.unwrap(), &claims);
        }
        (Expected::Inactive, Err(ResolveError::InvalidToken(TokenError::Inactive))) => {}
        (Expected::Invalid, Err(error)) => {
            assert!(matches!(error, ResolveError::InvalidResponse(_)), "{error:?}: {text}");
            assert_eq!(error.to_string().matches(['\n', '"']).count(), 0, "{error}");
        }
        (expected, Ok(_)) => panic!("{expected:?}, but accepted: {text}"),
        (expected, Err(error)) => panic!("{expected:?}, but {error:?}: {text}"),
    }
}

#[derive(Debug)]
enum Expected {
    Claims,
    Inactive,
    Invalid,
}

fn expected(document: &Json, is_introspection: bool) -> Expected {
    let Json::Object(members) = document else { return Expected::Invalid };
    if is_introspection {
        let active: Vec<_> = members.iter().filter(|(name, _)| name == "active").collect();
        match &*active {
            [(_, Json::Bool(false))] => return Expected::Inactive,
            [(_, Json::Bool(true))] => {}
            _ => return Expected::Invalid,
        }
    }
    if is_claim_set(document, true) { Expected::Claims } else { Expected::Invalid }
}

/// Whether the claims have the types of RFC 7519 §4.1. `with_scope`: whether `scope` is one of them.
pub fn is_claim_set(document: &Json, with_scope: bool) -> bool {
    let mut strings = vec!["sub", "client_id", "username", "iss", "jti", "token_type", "token_use"];
    strings.extend(with_scope.then_some("scope"));
    matches!(document, Json::Object(_))
        && !document.has_repeated_name()
        && strings.iter().all(|name| document.get(name).is_none_or(|it| it.as_str().is_some()))
        && document.get("aud").is_none_or(|aud| strings_of(aud).is_some())
        && ["iat", "nbf", "exp"].iter().all(|name| document.get(name).is_none_or(is_time))
        && document.get("act").is_none_or(is_actor)
}

/// A string or an array of strings.
fn strings_of(value: &Json) -> Option<Vec<&str>> {
    match value {
        Json::Array(elements) => elements.iter().map(Json::as_str).collect(),
        other => other.as_str().map(|text| vec![text]),
    }
}

fn is_time(value: &Json) -> bool {
    // The year 9999 is the last one.
    seconds(value).is_some_and(|seconds| (0.0..=253_402_300_799.0).contains(&seconds))
}

fn seconds(value: &Json) -> Option<f64> {
    if let Json::Number(text) = value { Some(text.parse().unwrap()) } else { None }
}

fn is_actor(value: &Json) -> bool {
    let is_string = |name: &str| value.get(name).is_none_or(|it| it.as_str().is_some());
    matches!(value, Json::Object(_))
        && ["sub", "iss", "client_id"].into_iter().all(is_string)
        && value.get("act").is_none_or(is_actor)
}

/// Each claim has the value of the document.
pub fn compare(document: &Json, claims: &Claims) {
    let text = |name: &str| document.get(name).and_then(Json::as_str);
    assert_eq!(claims.subject(), text("sub"));
    assert_eq!(claims.client_id(), text("client_id"));
    assert_eq!(claims.username(), text("username"));
    assert_eq!(claims.issuer(), text("iss"));
    assert_eq!(claims.token_id(), text("jti"));
    assert_eq!(claims.acr(), text("acr"));
    let audience: Vec<_> = claims.audience().collect();
    assert_eq!(audience, document.get("aud").and_then(strings_of).unwrap_or_default());
    for (name, time) in
        [("iat", claims.issued_at()), ("nbf", claims.not_before()), ("exp", claims.expires_at())]
    {
        assert_eq!(time.is_some(), document.get(name).is_some(), "{name}");
        if let Some(time) = time {
            let expected = document.get(name).and_then(seconds).unwrap();
            let read = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let difference = (read.as_secs_f64() - expected).abs();
            assert!(difference < Duration::from_millis(1).as_secs_f64(), "{name}: {difference}");
        }
    }
    let is_scope = |scope: &&str| {
        !scope.is_empty() && scope.bytes().all(|it| it.is_ascii_graphic() && !b"\"\\".contains(&it))
    };
    let scopes: BTreeSet<&str> =
        text("scope").into_iter().flat_map(|it| it.split(' ')).filter(is_scope).collect();
    assert_eq!(claims.scopes().iter().collect::<Vec<_>>(), Vec::from_iter(scopes.iter().copied()));
    for scope in &scopes {
        assert!(claims.scopes().contains(scope), "{scope}");
        let longer = format!("{scope}x");
        assert_eq!(claims.scopes().contains(&longer), scopes.contains(&*longer), "{longer}");
    }
    let mut actor = document.get("act");
    for read in claims.actor().iter().flat_map(|actor| actor.chain()) {
        let expected = actor.unwrap();
        assert_eq!(read.subject(), expected.get("sub").and_then(Json::as_str));
        assert_eq!(read.issuer(), expected.get("iss").and_then(Json::as_str));
        assert_eq!(read.client_id(), expected.get("client_id").and_then(Json::as_str));
        actor = expected.get("act");
    }
    assert!(actor.is_none());
}
