//! The fuzz target of the file of API keys.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::error::Problem;
use super::file::{Keys, parse};
use super::key_digest::KeyDigest;
use crate::fuzz::document::Document;

/// The last second of the year 9999.
const LATEST: u64 = 253_402_300_799;

// R-F13
pub(crate) fn run(data: &[u8]) {
    let read = parse(data);
    let document = Document::read(data).filter(|document| !document.repeats_any());
    let keys = document.as_ref().and_then(|document| keys(document.value()));
    match (read, keys) {
        (Ok(read), Some(keys)) => compare(&read, &keys),
        (Err(problem), None) => {
            // The position of a mistake, and nothing of the file.
            let text = problem.to_string();
            assert!(text.starts_with("is not valid"), "{text}");
            assert!(!matches!(problem, Problem::Unreadable), "{text}");
        }
        (Ok(_), None) => panic!("read: {}", String::from_utf8_lossy(data)),
        (Err(problem), Some(_)) => panic!("{problem}: {}", String::from_utf8_lossy(data)),
    }
}

/// The entries, if all are valid and different.
fn keys(document: &Value) -> Option<Vec<&Map<String, Value>>> {
    let document = document.as_object().filter(|document| document.len() == 1)?;
    let keys: Option<Vec<_>> =
        document.get("keys")?.as_array()?.iter().map(Value::as_object).collect();
    let keys = keys?;
    let different = |of: fn(&Map<String, Value>) -> String| {
        keys.iter().map(|key| of(key)).collect::<BTreeSet<_>>().len() == keys.len()
    };
    let are_valid = keys.iter().all(|key| is_key(key))
        && different(|key| key["id"].as_str().unwrap().to_owned())
        && different(|key| key["sha256"].as_str().unwrap().to_ascii_lowercase());
    are_valid.then_some(keys)
}

fn is_key(key: &Map<String, Value>) -> bool {
    let known = ["id", "sha256", "scopes", "subject", "expires_at"];
    let member = |name: &str| key.get(name).filter(|value| !value.is_null());
    let text = |name: &str| member(name).and_then(Value::as_str);
    let is_name = |text: &str| text.chars().any(|character| !character.is_whitespace());
    let is_scope = |scope: &Value| {
        let is_character = |it: char| ('!'..='~').contains(&it) && it != '"' && it != '\\';
        scope.as_str().is_some_and(|it| !it.is_empty() && it.chars().all(is_character))
    };
    let is_digest = |text: &str| text.len() == 64 && text.chars().all(|it| it.is_ascii_hexdigit());
    key.keys().all(|name| known.contains(&&**name))
        && text("id").is_some_and(is_name)
        && text("sha256").is_some_and(is_digest)
        && member("scopes").and_then(Value::as_array).is_some_and(|all| all.iter().all(is_scope))
        && member("subject").is_none_or(|subject| subject.as_str().is_some_and(is_name))
        && member("expires_at").is_none_or(|at| at.as_u64().is_some_and(|at| at <= LATEST))
}

fn compare(read: &Keys, keys: &[&Map<String, Value>]) {
    assert_eq!(read.len(), keys.len());
    for key in keys {
        let digest = KeyDigest::from_hex(key["sha256"].as_str().unwrap()).unwrap();
        let claims = &read[&digest];
        assert_eq!(claims.client_id(), key["id"].as_str());
        assert_eq!(claims.subject(), key.get("subject").and_then(Value::as_str));
        let scopes: BTreeSet<&str> =
            key["scopes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(claims.scopes().iter().collect::<BTreeSet<_>>(), scopes);
        let expires_at = key.get("expires_at").and_then(Value::as_u64);
        let expires_at = expires_at.map(|at| SystemTime::UNIX_EPOCH + Duration::from_secs(at));
        assert_eq!(claims.expires_at(), expires_at);
    }
}
