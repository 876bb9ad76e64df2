//! Key sets (RFC 7517 §5).

use aws_lc_rs::signature::ParsedPublicKey;
use serde::Deserialize;
use serde_json::Value;

use super::SigningAlgorithm;
use super::jwk::VerificationKey;
use crate::json_object::Object;
use crate::token_error::JwtError;

/// More keys than this are ignored: a lookup compares the id of each one.
const MAX_KEYS: usize = 100;

/// The usable keys of a key set.
#[derive(Debug)]
pub(crate) struct JwkSet {
    keys: Vec<VerificationKey>,
    skipped: usize,
}

#[derive(Deserialize)]
struct Members {
    keys: Vec<Value>,
}

impl JwkSet {
    /// Reads a key set. A key that cannot be used is skipped, and does not make the others unusable
    /// (RFC 7517 §5).
    pub(crate) fn read(json: &[u8], algorithms: &[SigningAlgorithm]) -> serde_json::Result<Self> {
        let Members { keys: all } = serde_json::from_slice::<Object<Members>>(json)?.0;
        let mut keys: Vec<VerificationKey> = Vec::new();
        for key in all.iter().filter_map(|jwk| VerificationKey::read(jwk, algorithms)) {
            // A key that is there twice is no ambiguous one.
            if !keys.iter().any(|other| key.is(other)) {
                keys.push(key);
            }
            if keys.len() == MAX_KEYS {
                break;
            }
        }
        let skipped = all.len() - keys.len();
        Ok(Self { keys, skipped })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of usable keys.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The number of keys that cannot be used, are there already, or are more than are kept.
    pub(crate) fn skipped(&self) -> usize {
        self.skipped
    }

    /// The key for a signature: the one with this id, or, without an id, the only one for the algorithm.
    ///
    /// # Errors
    /// [`JwtError::UnknownKey`] without such a key, [`JwtError::AmbiguousKey`] with several.
    pub(crate) fn select(
        &self,
        id: Option<&str>,
        algorithm: SigningAlgorithm,
    ) -> Result<&ParsedPublicKey, JwtError> {
        let named = self.keys.iter().filter(|key| id.is_none() || key.id.as_deref() == id);
        let mut keys = named.filter_map(|key| key.for_algorithm(algorithm));
        match (keys.next(), keys.next()) {
            (None, _) => Err(JwtError::UnknownKey),
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(JwtError::AmbiguousKey),
        }
    }

    /// Whether each key of this set is in another one, too.
    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.keys.iter().all(|key| other.keys.iter().any(|other| key.is(other)))
    }
}
