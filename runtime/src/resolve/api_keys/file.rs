//! The file of API keys.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use super::error::Problem;
use super::key_digest::KeyDigest;
use crate::json_object::Object;
use crate::{Claims, Scope};

/// The last second of the year 9999.
const LATEST: u64 = 253_402_300_799;

/// The claims of each key.
pub(super) type Keys = HashMap<KeyDigest, Claims>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    keys: Vec<Object<Key>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    id: String,
    sha256: String,
    scopes: Vec<String>,
    subject: Option<String>,
    expires_at: Option<u64>,
}

/// Reads the content of the file.
pub(super) fn parse(content: &[u8]) -> Result<Keys, Problem> {
    let Object(document): Object<Document> = serde_json::from_slice(content)
        .map_err(|wrong| Problem::Form { line: wrong.line(), column: wrong.column() })?;
    let mut ids = HashMap::new();
    let mut digests = HashMap::new();
    let mut claims = HashMap::with_capacity(document.keys.len());
    for (index, Object(key)) in document.keys.iter().enumerate() {
        let number = index + 1;
        let digest = key.check(number)?;
        let repeated = |other, member| Problem::Repeated { key: number, other, member };
        if let Some(other) = ids.insert(&key.id, number) {
            return Err(repeated(other, "id"));
        }
        if let Some(other) = digests.insert(digest.clone(), number) {
            return Err(repeated(other, "sha256"));
        }
        let expected = "usable as claims";
        let wrong = |_| Problem::Member { key: number, member: "id", expected };
        claims.insert(digest, key.claims().map_err(wrong)?);
    }
    Ok(claims)
}

impl Key {
    /// The hash of the key with this number, if all members are valid.
    fn check(&self, number: usize) -> Result<KeyDigest, Problem> {
        let wrong = |member, expected| Problem::Member { key: number, member, expected };
        if self.id.trim().is_empty() {
            return Err(wrong("id", "a text that is not empty"));
        }
        if self.subject.as_deref().is_some_and(|subject| subject.trim().is_empty()) {
            return Err(wrong("subject", "absent, or a text that is not empty"));
        }
        if self.scopes.iter().any(|scope| scope.parse::<Scope>().is_err()) {
            return Err(wrong("scopes", "a list of scopes (RFC 6749 §3.3), one in each text"));
        }
        if self.expires_at.is_some_and(|seconds| seconds > LATEST) {
            return Err(wrong("expires_at", "a number of seconds since 1970, until the year 9999"));
        }
        KeyDigest::from_hex(&self.sha256)
            .ok_or_else(|| wrong("sha256", "64 hexadecimal digits, the SHA-256 hash of the key"))
    }

    fn claims(&self) -> Result<Claims, crate::ResolveError> {
        let mut claims = json!({ "client_id": self.id, "scope": self.scopes.join(" ") });
        if let Some(members) = claims.as_object_mut() {
            members.extend(self.subject.iter().map(|it| ("sub".to_owned(), it.as_str().into())));
            members.extend(self.expires_at.map(|it| ("exp".to_owned(), it.into())));
        }
        Claims::from_json(claims.to_string().as_bytes())
    }
}
