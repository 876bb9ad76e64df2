//! The header of a DPoP proof (RFC 9449 §4.2), with the key of the client.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use quick_cache::sync::Cache;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{DpopProofError, ProofMismatch};
use crate::jose::{Jwk, SigningAlgorithm, VerificationKey, base64url};
use crate::json_object::Object;
use crate::telemetry::Quoted;
use crate::thumbprint::Thumbprint;

/// The only value of `typ`.
const TYPE: &str = "dpop+jwt";

/// The longest modulus of an RSA key, in bytes: the time of a verification grows with it.
const MAX_MODULUS_LENGTH: usize = 4096 / 8;

/// How many headers are remembered.
const MAX_KNOWN: usize = 1024;

/// The longest header that is remembered, in bytes of its base64url text. One with a P-256 key has about 250.
const MAX_KNOWN_LENGTH: usize = 1024;

/// The key of a proof, and the algorithm that it is used with.
#[derive(Debug)]
pub(super) struct ProofHeader {
    algorithm: SigningAlgorithm,
    key: VerificationKey,
    thumbprint: Thumbprint,
}

#[derive(Deserialize)]
struct Parameters<'a> {
    #[serde(borrow)]
    typ: Cow<'a, str>,
    #[serde(borrow)]
    alg: Cow<'a, str>,
    jwk: Object<Jwk>,
    #[serde(default, deserialize_with = "is_present")]
    crit: bool,
}

/// Whether a member is there, whatever its value.
fn is_present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl ProofHeader {
    /// Reads the base64url text of a header.
    pub(super) fn read(
        text: &[u8],
        algorithms: &[SigningAlgorithm],
    ) -> Result<Self, ProofMismatch> {
        use DpopProofError::{Algorithm, CriticalHeader, Key, Malformed, Type};
        let json = base64url::decode(text).ok_or(Malformed)?;
        let Object(Parameters { typ, alg, jwk: Object(jwk), crit }) =
            serde_json::from_slice(&json).map_err(|_| Malformed)?;
        if typ != TYPE {
            return Err(Type.into());
        }
        if crit {
            return Err(CriticalHeader.into());
        }
        let algorithm = algorithms.iter().find(|it| it.has_name(&alg));
        let algorithm = *algorithm.ok_or_else(|| ProofMismatch {
            error: Algorithm,
            expected: Some(format!("`alg`: one of {}", names(algorithms))),
            found: Some(format!("`alg`: {}", Quoted(&alg))),
        })?;
        if jwk.modulus_length().is_some_and(|length| length > MAX_MODULUS_LENGTH) {
            return Err(Key.into());
        }
        let key = VerificationKey::of(&jwk, &[algorithm]).ok_or(Key)?;
        let thumbprint = jwk.thumbprint().ok_or(Key)?;
        Ok(Self { algorithm, key, thumbprint })
    }

    pub(super) fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    pub(super) fn verify(
        &self,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), DpopProofError> {
        let key = self.key.for_algorithm(self.algorithm).ok_or(DpopProofError::Key)?;
        key.verify_sig(signing_input, signature).map_err(|_| DpopProofError::Signature)
    }
}

/// The headers of the proofs that were accepted last. The proofs of a client have the same header, so its key is read once.
pub(super) struct KnownHeaders(Cache<Box<[u8]>, Arc<ProofHeader>>);

impl KnownHeaders {
    pub(super) fn new() -> Self {
        Self(Cache::new(MAX_KNOWN))
    }

    pub(super) fn get(&self, text: &[u8]) -> Option<Arc<ProofHeader>> {
        self.0.get(text)
    }

    /// Only for a proof that was accepted: others would take the room.
    pub(super) fn insert(&self, text: Box<[u8]>, header: Arc<ProofHeader>) {
        if text.len() <= MAX_KNOWN_LENGTH {
            self.0.insert(text, header);
        }
    }
}

impl fmt::Debug for KnownHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownHeaders").finish_non_exhaustive()
    }
}

fn names(algorithms: &[SigningAlgorithm]) -> String {
    let names: Vec<_> = algorithms.iter().map(|it| it.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_header_is_not_kept() {
        // R-H5: it would take the room of many.
        let known = KnownHeaders::new();
        let header = |length: usize| {
            let jwk = json!({
                "kty": "EC", "crv": "P-256",
                "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            });
            let header = json!({ "typ": TYPE, "alg": "ES256", "jwk": jwk, "x": "" }).to_string();
            // base64url has four characters for three bytes.
            let padding = " ".repeat(length / 4 * 3 - header.len());
            let text = base64url::encode(header + &padding).into_bytes();
            assert_eq!(text.len(), length);
            let header = ProofHeader::read(&text, &[SigningAlgorithm::Es256]).unwrap();
            known.insert(text.clone().into(), Arc::new(header));
            known.get(&text)
        };
        assert!(header(MAX_KNOWN_LENGTH).is_some());
        assert!(header(MAX_KNOWN_LENGTH + 4).is_none());
    }
}
