//! Private keys as JWK (RFC 7517 §4, RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2).

use std::fmt;

use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;

use super::SigningAlgorithm;
use super::base64url;
use super::jwk::without_leading_zeros;
use super::signing_key::{KeyPair, Scheme, SigningKey, SigningKeyError, scheme};
use crate::Secret;

/// A JWK with a private key.
pub(crate) struct PrivateJwk(Members);

#[derive(Deserialize)]
struct Members {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<Secret>,
    p: Option<Secret>,
    q: Option<Secret>,
    dp: Option<Secret>,
    dq: Option<Secret>,
    qi: Option<Secret>,
    /// The third and later primes of an RSA key (RFC 7518 §6.3.2.7).
    oth: Option<serde::de::IgnoredAny>,
}

impl PrivateJwk {
    /// Reads a JWK. A member that is repeated or has another JSON type is an error, and so is a key that is not
    /// for signatures.
    pub(crate) fn read(json: &[u8]) -> Result<Self, SigningKeyError> {
        // The error of the parser can contain a part of the key.
        let members: Members = serde_json::from_slice(json).map_err(|_| SigningKeyError::Jwk)?;
        let signature = members.usage.as_deref().is_none_or(|usage| usage == "sig");
        let signs = members.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "sign"));
        if !signature || !signs {
            return Err(SigningKeyError::JwkUse);
        }
        Ok(Self(members))
    }

    /// `kid`, by which the server of the public key selects it.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// `alg`, the only algorithm with which the key may be used (RFC 7517 §4.4), else the first algorithm for its
    /// kind.
    pub(crate) fn default_algorithm(&self) -> Result<SigningAlgorithm, SigningKeyError> {
        use SigningAlgorithm::{EdDsa, Es256, Es384, Rs256};
        match (self.0.alg.as_deref(), &*self.0.kty, self.0.crv.as_deref()) {
            (Some("Ed25519"), ..) | (None, "OKP", Some("Ed25519")) => Ok(EdDsa),
            (Some(algorithm), ..) => algorithm.parse().map_err(|_| SigningKeyError::Kind),
            (None, "RSA", _) => Ok(Rs256),
            (None, "EC", Some("P-256")) => Ok(Es256),
            (None, "EC", Some("P-384")) => Ok(Es384),
            _ => Err(SigningKeyError::Kind),
        }
    }

    /// The key for signatures with this algorithm. Its private part must be that of its public part.
    pub(crate) fn signing_key(
        &self,
        algorithm: SigningAlgorithm,
    ) -> Result<SigningKey, SigningKeyError> {
        let members = &self.0;
        let mismatch = || SigningKeyError::JwkFor(algorithm);
        if members.alg.as_deref().is_some_and(|alg| !algorithm.has_name(alg)) {
            return Err(mismatch());
        }
        let is = |kty, crv: Option<&str>| {
            members.kty == kty && (crv.is_none() || members.crv.as_deref() == crv)
        };
        let pair = match scheme(algorithm) {
            Scheme::Rsa(encoding) if is("RSA", None) => {
                members.rsa().map(|pair| pair.map(|pair| KeyPair::Rsa(pair, encoding)))?
            }
            Scheme::Ec(signing, curve) if is("EC", Some(curve)) => {
                let mut point = vec![4];
                point.extend(public("x", members.x.as_ref())?);
                point.extend(public("y", members.y.as_ref())?);
                let d = private("d", members.d.as_ref())?;
                EcdsaKeyPair::from_private_key_and_public_key(signing, &d, &point)
                    .map(KeyPair::Ec)
                    .ok()
            }
            Scheme::Ed25519 if is("OKP", Some("Ed25519")) => {
                let x = public("x", members.x.as_ref())?;
                let d = private("d", members.d.as_ref())?;
                Ed25519KeyPair::from_seed_and_public_key(&d, &x).map(KeyPair::Ed25519).ok()
            }
            _ => None,
        };
        Ok(SigningKey { algorithm, pair: pair.ok_or_else(mismatch)? })
    }
}

impl Members {
    /// An RSA key with two primes and with their exponents and coefficient, which RFC 7518 §6.3.2 allows to omit.
    fn rsa(&self) -> Result<Option<RsaKeyPair>, SigningKeyError> {
        if self.oth.is_some() {
            return Ok(None);
        }
        let (n, e) = (public("n", self.n.as_ref())?, public("e", self.e.as_ref())?);
        let components = KeyPairComponents {
            public_key: PublicKeyComponents {
                n: without_leading_zeros(&n),
                e: without_leading_zeros(&e),
            },
            d: &*private("d", self.d.as_ref())?,
            p: &*private("p", self.p.as_ref())?,
            q: &*private("q", self.q.as_ref())?,
            dP: &*private("dp", self.dp.as_ref())?,
            dQ: &*private("dq", self.dq.as_ref())?,
            qInv: &*private("qi", self.qi.as_ref())?,
        };
        Ok(RsaKeyPair::from_components(&components).ok())
    }
}

fn public(name: &'static str, member: Option<&String>) -> Result<Vec<u8>, SigningKeyError> {
    let text = member.ok_or(SigningKeyError::JwkMember(name))?;
    base64url::decode(text.as_bytes()).ok_or(SigningKeyError::JwkMember(name))
}

/// The bytes are overwritten with zeros when they are dropped.
fn private(
    name: &'static str,
    member: Option<&Secret>,
) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
    let text = member.ok_or(SigningKeyError::JwkMember(name))?.expose();
    let bytes = base64url::decode(text.as_bytes()).ok_or(SigningKeyError::JwkMember(name))?;
    Ok(Zeroizing::new(bytes))
}

/// Omits the key.
impl fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateJwk").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
