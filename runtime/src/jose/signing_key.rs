//! Private keys that sign (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1).

use std::fmt;

#[cfg(any(test, feature = "testing"))]
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
#[cfg(any(test, feature = "testing"))]
use aws_lc_rs::rsa::KeySize;
#[cfg(any(test, feature = "testing"))]
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair, RsaSignatureEncoding,
};
#[cfg(any(test, feature = "testing"))]
use base64::Engine as _;
#[cfg(any(test, feature = "testing"))]
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;
#[cfg(any(test, feature = "testing"))]
use serde_json::json;

use super::SigningAlgorithm::{
    self, EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512,
};
use super::base64url;
#[cfg(any(test, feature = "testing"))]
use super::rsa_public_key::RsaPublicKey;

/// A private key, for one algorithm.
pub(crate) struct SigningKey {
    pub(super) algorithm: SigningAlgorithm,
    pub(super) pair: KeyPair,
}

pub(super) enum KeyPair {
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// How the keys of an algorithm are made and used.
pub(super) enum Scheme {
    Rsa(&'static RsaSignatureEncoding),
    Ec(&'static EcdsaSigningAlgorithm, &'static str),
    Ed25519,
}

impl SigningKey {
    /// Generates a key. An RSA key has 2048 bits.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn generate(algorithm: SigningAlgorithm) -> Result<Self, SigningKeyError> {
        let pair = match scheme(algorithm) {
            Scheme::Rsa(encoding) => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| KeyPair::Rsa(pair, encoding))
            }
            Scheme::Ec(signing, _) => EcdsaKeyPair::generate(signing).map(KeyPair::Ec),
            Scheme::Ed25519 => Ed25519KeyPair::generate().map(KeyPair::Ed25519),
        };
        let pair = pair.map_err(|_| SigningKeyError::Operation)?;
        Ok(Self { algorithm, pair })
    }

    /// Reads an unencrypted PKCS#8 key (RFC 5958) in DER. An RSA key must have 2048 to 8192 bits.
    pub(crate) fn from_pkcs8_der(
        algorithm: SigningAlgorithm,
        der: &[u8],
    ) -> Result<Self, SigningKeyError> {
        let pair = match scheme(algorithm) {
            Scheme::Rsa(encoding) => {
                RsaKeyPair::from_pkcs8(der).map(|pair| KeyPair::Rsa(pair, encoding))
            }
            Scheme::Ec(signing, _) => EcdsaKeyPair::from_pkcs8(signing, der).map(KeyPair::Ec),
            Scheme::Ed25519 => Ed25519KeyPair::from_pkcs8(der).map(KeyPair::Ed25519),
        };
        let pair = pair.map_err(|_| SigningKeyError::Key(algorithm))?;
        Ok(Self { algorithm, pair })
    }

    /// Reads the first PKCS#8 key of a PEM text, which has the label `PRIVATE KEY` (RFC 7468 §10).
    pub(crate) fn from_pkcs8_pem(
        algorithm: SigningAlgorithm,
        pem: &[u8],
    ) -> Result<Self, SigningKeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| SigningKeyError::Pem)?;
        Self::from_pkcs8_der(algorithm, der.secret_pkcs8_der())
    }

    /// Reads a key as [`from_pkcs8_pem`](Self::from_pkcs8_pem) does, for the first algorithm of its kind.
    pub(crate) fn from_pkcs8_pem_of_any_kind(pem: &[u8]) -> Result<Self, SigningKeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| SigningKeyError::Pem)?;
        let kinds = [Rs256, Es256, Es384, EdDsa].into_iter();
        let mut keys = kinds.map(|kind| Self::from_pkcs8_der(kind, der.secret_pkcs8_der()));
        keys.find_map(Result::ok).ok_or(SigningKeyError::Kind)
    }

    pub(crate) fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Makes a JWS in the compact serialization (RFC 7515 §7.1). The header is used as it is: the caller sets
    /// `alg`.
    pub(crate) fn sign(&self, header: &Value, payload: &[u8]) -> Result<String, SigningKeyError> {
        let header = base64url::encode(header.to_string());
        let mut jws = format!("{header}.{}", base64url::encode(payload));
        let signature = self.signature(jws.as_bytes())?;
        jws.push('.');
        jws.push_str(&base64url::encode(signature));
        Ok(jws)
    }

    /// A signature over a message, as a JWS contains it (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1).
    pub(crate) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let random = SystemRandom::new();
        let signature = match &self.pair {
            KeyPair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).map(|()| signature)
            }
            KeyPair::Ec(pair) => pair.sign(&random, message).map(|it| it.as_ref().to_vec()),
            KeyPair::Ed25519(pair) => pair.try_sign(message).map(|it| it.as_ref().to_vec()),
        };
        signature.map_err(|_| SigningKeyError::Operation)
    }

    /// The public key as a JWK (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2), for signatures with this algorithm
    /// only.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn public_jwk(&self, key_id: &str) -> Value {
        let mut jwk = match &self.pair {
            KeyPair::Rsa(pair, _) => {
                // The library has encoded the key itself.
                let RsaPublicKey { n, e } =
                    RsaPublicKey::read(pair.public_key().as_ref()).unwrap_or_default();
                json!({ "kty": "RSA", "n": base64url::encode(n), "e": base64url::encode(e) })
            }
            KeyPair::Ec(pair) => {
                let Scheme::Ec(_, curve) = scheme(self.algorithm) else { return Value::Null };
                // An uncompressed point (SEC 1 §2.3.3): the byte 4 and two coordinates of the same length.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                let (x, y) = (base64url::encode(x), base64url::encode(y));
                json!({ "kty": "EC", "crv": curve, "x": x, "y": y })
            }
            KeyPair::Ed25519(pair) => {
                let x = base64url::encode(pair.public_key());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
            }
        };
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), key_id.into());
            members.insert("alg".to_owned(), self.algorithm.as_str().into());
            members.insert("use".to_owned(), "sig".into());
        }
        jwk
    }

    /// The public key as `SubjectPublicKeyInfo` in PEM (RFC 7468 §13).
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn public_key_pem(&self) -> Result<String, SigningKeyError> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            KeyPair::Rsa(pair, _) => pair.public_key().as_der(),
            KeyPair::Ec(pair) => pair.public_key().as_der(),
            KeyPair::Ed25519(pair) => pair.public_key().as_der(),
        };
        let der = der.map_err(|_| SigningKeyError::Operation)?;
        Ok(pem("PUBLIC KEY", der.as_ref()))
    }

    /// The private key as unencrypted PKCS#8 in PEM (RFC 7468 §10).
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn to_pkcs8_pem(&self) -> Result<String, SigningKeyError> {
        let der: Result<Pkcs8V1Der<'_>, _> = match &self.pair {
            KeyPair::Rsa(pair, _) => pair.as_der(),
            KeyPair::Ed25519(pair) => pair.as_der(),
            KeyPair::Ec(pair) => {
                let der = pair.to_pkcs8v1().map_err(|_| SigningKeyError::Operation)?;
                return Ok(pem("PRIVATE KEY", der.as_ref()));
            }
        };
        let der = der.map_err(|_| SigningKeyError::Operation)?;
        Ok(pem("PRIVATE KEY", der.as_ref()))
    }
}

/// A text with one label (RFC 7468 §2).
#[cfg(any(test, feature = "testing"))]
fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = &*base64;
    while !rest.is_empty() {
        // Each line has 64 characters, except the last.
        let (line, next) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    pem + &format!("-----END {label}-----\n")
}

/// Omits the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The error for a private key that cannot be used. It says nothing about the content of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SigningKeyError {
    #[error("expected a PEM text with an unencrypted PKCS#8 key (`BEGIN PRIVATE KEY`)")]
    Pem,
    #[error("expected an unencrypted PKCS#8 key for {0}")]
    Key(SigningAlgorithm),
    #[error("expected an RSA key with 2048 to 8192 bits, or one of P-256, P-384 or Ed25519")]
    Kind,
    #[error("expected a JWK with a private key: a JSON object with `kty`, each member once")]
    Jwk,
    #[error(
        "expected a JWK for signatures: `use` is `sig`, and `key_ops` contains `sign`, or they are absent"
    )]
    JwkUse,
    #[error("expected base64url in the member `{0}` of the JWK")]
    JwkMember(&'static str),
    #[error(
        "expected a JWK with a consistent private key for {0}, of a suitable `kty`, `crv` and `alg`"
    )]
    JwkFor(SigningAlgorithm),
    /// The cryptographic library reports no cause.
    #[error("the cryptographic operation failed")]
    Operation,
}

pub(super) fn scheme(algorithm: SigningAlgorithm) -> Scheme {
    match algorithm {
        Rs256 => Scheme::Rsa(&RSA_PKCS1_SHA256),
        Rs384 => Scheme::Rsa(&RSA_PKCS1_SHA384),
        Rs512 => Scheme::Rsa(&RSA_PKCS1_SHA512),
        Ps256 => Scheme::Rsa(&RSA_PSS_SHA256),
        Ps384 => Scheme::Rsa(&RSA_PSS_SHA384),
        Ps512 => Scheme::Rsa(&RSA_PSS_SHA512),
        Es256 => Scheme::Ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
        Es384 => Scheme::Ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
        EdDsa => Scheme::Ed25519,
    }
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::SubjectPublicKeyInfoDer;

    use super::*;
    use crate::jose::{CompactJws, JwkSet, JwsHeader};
    use crate::token_error::JwtError;

    const ALL: [SigningAlgorithm; 9] =
        [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512, Es256, Es384, EdDsa];

    fn sign(key: &SigningKey) -> String {
        let header = json!({ "alg": key.algorithm().as_str(), "kid": "one", "typ": "at+jwt" });
        key.sign(&header, br#"{"sub":"alice"}"#).unwrap()
    }

    fn verifies(jws: &str, keys: &JwkSet, algorithm: SigningAlgorithm) -> bool {
        let jws = CompactJws::split(jws.as_bytes()).unwrap();
        let signature = base64url::decode(jws.signature).unwrap();
        let key = keys.select(Some("one"), algorithm).unwrap();
        key.verify_sig(jws.signing_input, &signature).is_ok()
    }

    fn key_set(key: &SigningKey) -> JwkSet {
        let set = json!({ "keys": [key.public_jwk("one")] });
        let keys = JwkSet::read(set.to_string().as_bytes(), &ALL).unwrap();
        assert_eq!((keys.len(), keys.skipped()), (1, 0));
        keys
    }

    #[test]
    fn a_signature_verifies_with_the_public_key_and_the_algorithm_of_the_key_only() {
        for algorithm in ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let keys = key_set(&key);
            let jws = sign(&key);
            let parts = CompactJws::split(jws.as_bytes()).unwrap();
            let header = base64url::decode(parts.header).unwrap();
            let header = JwsHeader::read(&header).unwrap();
            assert!(algorithm.has_name(&header.algorithm), "{algorithm}");
            assert_eq!(header.key_id.as_deref(), Some("one"));
            assert_eq!(base64url::decode(parts.payload).unwrap(), br#"{"sub":"alice"}"#);
            assert!(verifies(&jws, &keys, algorithm), "{algorithm}");

            // An RSA key takes long to generate.
            if [Rs256, Es256, Es384, EdDsa].contains(&algorithm) {
                let other = SigningKey::generate(algorithm).unwrap();
                assert!(!verifies(&sign(&other), &keys, algorithm), "{algorithm}");
            }
            for another in ALL.into_iter().filter(|another| *another != algorithm) {
                let selected = keys.select(Some("one"), another).map(drop);
                assert_eq!(selected, Err(JwtError::UnknownKey), "{algorithm} {another}");
            }
        }
    }

    fn pkcs8(key: &SigningKey) -> Vec<u8> {
        let der: Pkcs8V1Der<'_> = match &key.pair {
            KeyPair::Rsa(pair, _) => pair.as_der().unwrap(),
            KeyPair::Ec(pair) => return pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            KeyPair::Ed25519(pair) => pair.as_der().unwrap(),
        };
        der.as_ref().to_vec()
    }

    #[test]
    fn a_key_is_read_from_pkcs8() {
        for algorithm in [Rs256, Ps512, Es256, Es384, EdDsa] {
            let generated = SigningKey::generate(algorithm).unwrap();
            let der = pkcs8(&generated);
            let from_der = SigningKey::from_pkcs8_der(algorithm, &der).unwrap();
            let base64 = STANDARD.encode(&der);
            let pem = format!(
                "A comment\n-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"
            );
            let from_pem = SigningKey::from_pkcs8_pem(algorithm, pem.as_bytes()).unwrap();
            for key in [&from_der, &from_pem] {
                assert_eq!(key.public_jwk("one"), generated.public_jwk("one"));
                assert!(verifies(&sign(key), &key_set(&generated), algorithm), "{algorithm}");
            }
            let shown = format!("{from_der:?}");
            assert_eq!(shown, format!("SigningKey {{ algorithm: {algorithm:?}, .. }}"));
        }
    }

    #[test]
    fn the_public_key_is_written_as_pem() {
        for (algorithm, length) in [(Rs256, 294), (Es256, 91), (Es384, 120), (EdDsa, 44)] {
            let key = SigningKey::generate(algorithm).unwrap();
            let pem = key.public_key_pem().unwrap();
            let (body, end) = pem.split_at(pem.len() - "-----END PUBLIC KEY-----\n".len());
            assert_eq!(end, "-----END PUBLIC KEY-----\n");
            let mut lines = body.lines();
            assert_eq!(lines.next(), Some("-----BEGIN PUBLIC KEY-----"));
            let lengths: Vec<usize> = lines.map(str::len).collect();
            assert!(lengths.iter().rev().skip(1).all(|length| *length == 64), "{pem}");
            assert!((1..=64).contains(lengths.last().unwrap()), "{pem}");

            let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).unwrap();
            assert_eq!(der.len(), length, "{algorithm}");
            // The key itself is at the end: a point, or the numbers of an RSA key.
            let raw = match &key.pair {
                KeyPair::Rsa(pair, _) => pair.public_key().as_ref(),
                KeyPair::Ec(pair) => pair.public_key().as_ref(),
                KeyPair::Ed25519(pair) => pair.public_key().as_ref(),
            };
            assert!(der.ends_with(raw), "{algorithm}");
        }
    }

    #[test]
    fn a_key_for_another_algorithm_or_in_another_format_is_an_error() {
        let key = SigningKey::generate(Es256).unwrap();
        let der = pkcs8(&key);
        for algorithm in [Rs256, Ps256, Es384, EdDsa] {
            let error = SigningKey::from_pkcs8_der(algorithm, &der).unwrap_err();
            assert_eq!(error, SigningKeyError::Key(algorithm));
        }
        let error = SigningKey::from_pkcs8_der(Es256, &der[1..]).unwrap_err();
        assert_eq!(error.to_string(), "expected an unencrypted PKCS#8 key for ES256");
        let base64 = STANDARD.encode(&der);
        for label in ["EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY"] {
            let pem = format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n");
            let error = SigningKey::from_pkcs8_pem(Es256, pem.as_bytes()).unwrap_err();
            assert_eq!(error, SigningKeyError::Pem, "{label}");
        }
        for other in ["", "-----BEGIN PRIVATE KEY-----\n", &*base64] {
            let error = SigningKey::from_pkcs8_pem(Es256, other.as_bytes()).unwrap_err();
            assert_eq!(error, SigningKeyError::Pem);
        }
    }
}
