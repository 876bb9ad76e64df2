//! Key sets: which keys are used, against the rules for each single key.

use serde_json::{Map, Value};

use crate::jose::{JwkSet, SigningAlgorithm, base64url};
use crate::token_error::JwtError;

const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// More keys take long to compare.
const MAX_KEYS: usize = 8;

// R-F2, R-F3
pub(super) fn run(data: &[u8]) {
    let algorithms = ALGORITHMS.map(|name| name.parse::<SigningAlgorithm>().unwrap());
    let document: Option<Value> = serde_json::from_slice(data).ok();
    let keys = document.as_ref().and_then(|it| it.get("keys")).and_then(Value::as_array);
    let Ok(set) = JwkSet::read(data, &algorithms) else { return };
    let keys = keys.expect("an object with keys");
    assert_eq!(set.len() + set.skipped(), keys.len());
    assert!(set.len() <= 100);
    if keys.len() > MAX_KEYS {
        return;
    }
    // Each key has the same fate in a set of its own.
    let alone: Vec<(&Value, JwkSet)> = keys
        .iter()
        .map(|key| {
            let text = serde_json::json!({ "keys": [key] }).to_string();
            (key, JwkSet::read(text.as_bytes(), &algorithms).unwrap())
        })
        .collect();
    let usable: Vec<_> = alone.iter().filter(|(_, set)| !set.is_empty()).collect();
    assert!(set.len() <= usable.len() && set.is_empty() == usable.is_empty());
    for (key, single) in &alone {
        assert!(single.is_subset(&set));
        if !single.is_empty() {
            check_usable(key.as_object().expect("an object"), single);
        }
    }
    for algorithm in algorithms {
        let ids = usable.iter().filter_map(|(key, _)| key["kid"].as_str());
        for id in ids.map(Some).chain([None, Some("no such key")]) {
            check_selection(&set, &usable, id, algorithm);
        }
    }
}

/// What RFC 7517 and RFC 7518 require of a public key for signatures.
fn check_usable(key: &Map<String, Value>, set: &JwkSet) {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    assert!(PRIVATE.iter().all(|name| key.get(*name).is_none_or(Value::is_null)), "a private key");
    assert!(text("use").is_none_or(|usage| usage == "sig"));
    let ops = key.get("key_ops").and_then(Value::as_array);
    assert!(ops.is_none_or(|ops| ops.iter().any(|op| op == "verify")));
    assert!(text("kid").is_none_or(|id| id.len() <= 256));
    let length =
        |name: &str| text(name).and_then(|it| base64url::decode(it.as_bytes())).unwrap().len();
    let fitting: &[&str] = match (text("kty").unwrap(), text("crv")) {
        ("RSA", _) => {
            let modulus = base64url::decode(text("n").unwrap().as_bytes()).unwrap();
            let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
            let bits = (modulus.len() - zeros) * 8;
            assert!((2048..=8192).contains(&bits), "{bits} bits");
            &ALGORITHMS[..6]
        }
        ("EC", Some("P-256")) if (length("x"), length("y")) == (32, 32) => &["ES256"],
        ("EC", Some("P-384")) if (length("x"), length("y")) == (48, 48) => &["ES384"],
        ("OKP", Some("Ed25519")) if length("x") == 32 => &["EdDSA"],
        other => panic!("{other:?} is used"),
    };
    let named = text("alg").map(|alg| if alg == "Ed25519" { "EdDSA" } else { alg });
    for name in ALGORITHMS {
        let is_selected = set.select(None, name.parse().unwrap()).is_ok();
        let expected = fitting.contains(&name) && named.is_none_or(|named| named == name);
        assert_eq!(is_selected, expected, "{name} of {key:?}");
    }
}

/// A key is selected if it is the only one.
fn check_selection(
    set: &JwkSet,
    usable: &[&(&Value, JwkSet)],
    id: Option<&str>,
    algorithm: SigningAlgorithm,
) {
    let named = usable.iter().filter(|(key, _)| id.is_none() || key["kid"].as_str() == id);
    let fitting: Vec<_> =
        named.filter(|(_, single)| single.select(None, algorithm).is_ok()).collect();
    let selected = set.select(id, algorithm).map(drop);
    match &*fitting {
        [] => assert_eq!(selected, Err(JwtError::UnknownKey)),
        [_] => assert_eq!(selected, Ok(())),
        [(_, first), rest @ ..] => {
            let are_one = rest.iter().all(|(_, it)| it.is_subset(first) && first.is_subset(it));
            let expected = if are_one { Ok(()) } else { Err(JwtError::AmbiguousKey) };
            assert_eq!(selected, expected);
        }
    }
}
