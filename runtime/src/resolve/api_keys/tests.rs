use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::clock::ManualClock;

const KEY: &str = "jrn_0123456789abcdef0123456789abcdef";
const OTHER: &str = "jrn_fedcba9876543210fedcba9876543210";

/// A file in a directory of its own, which is removed in the end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let file = Self(directory.join("api-keys.json"));
        file.replace(content);
        file
    }

    fn replace(&self, content: impl AsRef<[u8]>) {
        let new = self.0.with_extension("new");
        fs::write(&new, content).unwrap();
        fs::rename(new, &self.0).unwrap();
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

fn hex(key: &str) -> String {
    Sha256::digest(key).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn entry(id: &str, key: &str) -> Value {
    json!({ "id": id, "sha256": hex(key), "scopes": ["read"] })
}

fn document(entries: &[Value]) -> String {
    json!({ "keys": entries }).to_string()
}

fn claims_of(keys: &ApiKeys, key: &str) -> Result<Claims, TokenError> {
    match keys.cached(&key.parse().unwrap()).unwrap() {
        Ok(claims) => Ok(claims),
        Err(ResolveError::InvalidToken(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

const UNKNOWN: TokenError = TokenError::ApiKey(ApiKeyError::Unknown);

#[test]
fn a_key_has_the_claims_of_its_entry() {
    // R-F13
    let whole = json!({
        "id": "monitoring", "sha256": hex(KEY).to_uppercase(), "scopes": ["write", "read"],
        "subject": "alice", "expires_at": 4_000_000_000_u64,
    });
    let file = TestFile::new("claims", document(&[whole, entry("other", OTHER)]));
    let keys = ApiKeys::from_file(&file.0).unwrap();
    let claims = claims_of(&keys, KEY).unwrap();
    assert_eq!((claims.client_id(), claims.subject()), (Some("monitoring"), Some("alice")));
    assert_eq!(claims.scopes().as_str(), "read write");
    let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    assert_eq!(claims.expires_at(), Some(expires));
    let claims = claims_of(&keys, OTHER).unwrap();
    assert_eq!((claims.client_id(), claims.subject()), (Some("other"), None), "R-D9");
    assert_eq!(claims.expires_at(), None);
    for unknown in [format!("{KEY}0"), KEY.to_uppercase(), hex(KEY), format!("{OTHER}=")] {
        assert_eq!(claims_of(&keys, &unknown).unwrap_err(), UNKNOWN, "{unknown}");
    }
    let debug = format!("{keys:?}");
    assert!(!debug.contains(&hex(KEY)) && debug.contains("keys: 2"), "{debug}");
}

#[test]
fn a_short_key_is_rejected_though_the_file_lists_it() {
    // R-F13
    let (short, enough) = ("x".repeat(MIN_KEY_LENGTH - 1), "x".repeat(MIN_KEY_LENGTH));
    let entries = [entry("short", &short), entry("enough", &enough)];
    let file = TestFile::new("short", document(&entries));
    let keys = ApiKeys::from_file(&file.0).unwrap();
    let error = claims_of(&keys, &short).unwrap_err();
    assert_eq!(error, TokenError::ApiKey(ApiKeyError::TooShort));
    assert!(claims_of(&keys, &enough).is_ok());
}

#[tokio::test]
async fn a_replaced_file_replaces_the_keys_and_a_broken_one_does_not() {
    // R-F13
    let file = TestFile::new("replaced", document(&[entry("one", KEY)]));
    let keys = ApiKeys::from_file(&file.0).unwrap();
    let revision = || keys.revision().unwrap().get();
    let before = revision();
    keys.reload().await.unwrap();
    assert_eq!(revision(), before, "the file is the same");

    file.replace(document(&[entry("two", OTHER)]));
    keys.reload().await.unwrap();
    assert_eq!(claims_of(&keys, KEY).unwrap_err(), UNKNOWN);
    assert_eq!(claims_of(&keys, OTHER).unwrap().client_id(), Some("two"));
    assert!(revision() > before, "caches drop the removed key");

    for broken in ["", "{", r#"{"keys":[{}]}"#, r#"{"keys":[],"keys":[]}"#] {
        file.replace(broken);
        for attempt in [1, 2] {
            let error = keys.reload().await.unwrap_err().to_string();
            assert!(error.contains("is not valid at line"), "{attempt}: {error}");
        }
        assert!(claims_of(&keys, OTHER).is_ok(), "{broken}");
    }
    fs::remove_file(&file.0).unwrap();
    assert!(keys.reload().await.unwrap_err().to_string().contains("cannot be read"));
    assert!(claims_of(&keys, OTHER).is_ok());

    // The same content as before the mistake.
    file.replace(document(&[entry("two", OTHER)]));
    keys.reload().await.unwrap();
    file.replace(r#"{"keys":[]}"#);
    keys.reload().await.unwrap();
    assert_eq!(claims_of(&keys, OTHER).unwrap_err(), UNKNOWN, "no key is left");
}

#[tokio::test]
async fn a_removed_key_is_rejected_one_second_later() {
    // R-F13
    let file = TestFile::new("removed", document(&[entry("one", KEY)]));
    let clock = ManualClock::new();
    let keys = ApiKeys::open(&file.0, Arc::new(clock.clone())).unwrap();
    let token: AccessToken = KEY.parse().unwrap();
    file.replace(document(&[entry("two", OTHER)]));
    clock.advance(Duration::from_millis(999));
    assert!(keys.cached(&token).unwrap().is_ok(), "the file is not read yet");
    assert!(keys.resolve(&token).await.is_ok(), "nor by `resolve`");

    clock.advance(Duration::from_millis(1));
    assert!(keys.cached(&token).is_none(), "the file must be read first");
    let rejected = |error| {
        matches!(error, ResolveError::InvalidToken(TokenError::ApiKey(ApiKeyError::Unknown)))
    };
    assert!(rejected(keys.resolve(&token).await.unwrap_err()));
    assert!(rejected(keys.cached(&token).unwrap().unwrap_err()), "the file was just read");
    assert_eq!(claims_of(&keys, OTHER).unwrap().client_id(), Some("two"));
}

#[test]
fn a_mistake_in_the_file_is_an_error_that_repeats_nothing_of_it() {
    // R-F13, R-C3
    let canary = "canary0123456789canary0123456789";
    let with = |member: &str, value: Value| {
        let mut entry = entry("one", KEY);
        entry[member] = value;
        document(&[entry])
    };
    let twice = |one: Value, other: Value| document(&[one, other]);
    for (content, expected) in [
        (canary.to_owned(), "line 1, column 1"),
        (format!(r#"{{"keys": ["{canary}"]}}"#), "line 1, column "),
        (format!(r#"{{"keys": [], "{canary}": 1}}"#), "line 1, column "),
        (format!(r#"[[{}]]"#, entry(canary, KEY)), "line 1, column "),
        (document(&[json!([canary, hex(KEY), ["read"]])]), "line 1, column "),
        (document(&[json!({ "id": canary, "scopes": [] })]), "line 1, column "),
        (with("key", canary.into()), "line 1, column "),
        (with("scopes", canary.into()), "line 1, column "),
        (with("expires_at", canary.into()), "line 1, column "),
        (with("expires_at", json!(-1)), "line 1, column "),
        (with("expires_at", json!(u64::MAX)), "`expires_at` of key 1 must be a number"),
        (with("sha256", canary.into()), "`sha256` of key 1 must be 64 hexadecimal digits"),
        (with("sha256", "g".repeat(64).into()), "`sha256` of key 1"),
        (with("sha256", "ä".repeat(32).into()), "`sha256` of key 1"),
        (with("scopes", json!(["a b"])), "`scopes` of key 1 must be a list of scopes"),
        (with("id", json!(" ")), "`id` of key 1 must be a text that is not empty"),
        (with("subject", json!("")), "`subject` of key 1"),
        (twice(entry("one", KEY), entry("one", OTHER)), "key 2 has the same `id` as key 1"),
        (twice(entry("one", KEY), entry("two", KEY)), "key 2 has the same `sha256` as key 1"),
        (" ".repeat(1024 * 1024 + 1), "is longer than 1 MiB"),
    ] {
        let file = TestFile::new("mistake", &content);
        let error = ApiKeys::from_file(&file.0).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected) && text.contains("api-keys.json"), "{expected}: {text}");
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(error.path(), file.0);
    }
    let missing = ApiKeys::from_file("/nonexistent/api-keys.json").unwrap_err();
    assert!(missing.to_string().contains("cannot be read"), "{missing}");
    assert!(std::error::Error::source(&missing).is_some());
}
