//! The file of API keys.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::{ApiKeysError, Problem};
use super::key_digest::KeyDigest;
use crate::{Claims, Scope};

/// The longest file, in bytes.
const MAX_LENGTH: u64 = 1024 * 1024;

/// The last second of the year 9999.
const LATEST: u64 = 253_402_300_799;

/// The content of the file.
pub(super) struct KeyFile<'a> {
    path: &'a Path,
    content: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    keys: Vec<Key>,
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

impl<'a> KeyFile<'a> {
    pub(super) fn read(path: &'a Path) -> Result<Self, ApiKeysError> {
        let unreadable = |error| ApiKeysError::io(path, Problem::Unreadable, error);
        let file = File::open(path).map_err(unreadable)?;
        let mut content = Vec::new();
        file.take(MAX_LENGTH + 1).read_to_end(&mut content).map_err(unreadable)?;
        Ok(Self { path, content })
    }

    /// The hash of the content, by which a change is detected.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.content).into()
    }

    /// The claims of each key.
    pub(super) fn keys(&self) -> Result<HashMap<KeyDigest, Claims>, ApiKeysError> {
        let error = |problem| ApiKeysError::new(self.path, problem);
        if self.content.len() as u64 > MAX_LENGTH {
            return Err(error(Problem::TooLong));
        }
        let document: Document = serde_json::from_slice(&self.content)
            .map_err(|wrong| error(Problem::Form { line: wrong.line(), column: wrong.column() }))?;
        let mut ids = HashMap::new();
        let mut digests = HashMap::new();
        let mut claims = HashMap::with_capacity(document.keys.len());
        for (index, key) in document.keys.iter().enumerate() {
            let number = index + 1;
            let digest = key.check(number).map_err(error)?;
            let repeated = |other, member| error(Problem::Repeated { key: number, other, member });
            if let Some(other) = ids.insert(&key.id, number) {
                return Err(repeated(other, "id"));
            }
            if let Some(other) = digests.insert(digest.clone(), number) {
                return Err(repeated(other, "sha256"));
            }
            let wrong = |_| {
                let expected = "usable as claims";
                error(Problem::Member { key: number, member: "id", expected })
            };
            claims.insert(digest, key.claims().map_err(wrong)?);
        }
        Ok(claims)
    }
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
