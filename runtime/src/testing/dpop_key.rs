//! The key of a client, which makes DPoP proofs.

use std::fmt;
use std::io;
use std::time::SystemTime;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::claims::numeric_date;
use super::random::random_value;
use crate::SigningAlgorithm;
use crate::jose::{Jwk, SigningKey, base64url};

/// A key of a client that access tokens are bound to: it makes DPoP proofs (RFC 9449 §4.2).
///
/// ```
/// use requires_auth::testing::{AuthorizationServer, DpopKey};
///
/// # async fn example() -> std::io::Result<()> {
/// let server = AuthorizationServer::start().await?;
/// let key = DpopKey::generate();
/// let token = server.mint().subject("alice").scopes("entries:read").bound_to(&key).issue();
///
/// let url = "https://journal.example/entries";
/// let proof = key.proof("GET", url).access_token(&token).sign();
/// let request = reqwest::Client::new()
///     .get(url)
///     .header("authorization", format!("DPoP {token}"))
///     .header("dpop", proof);
/// # Ok(())
/// # }
/// ```
pub struct DpopKey {
    key: SigningKey,
    jwk: Value,
    thumbprint: String,
}

impl DpopKey {
    /// A key for `ES256`.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn generate() -> Self {
        Self::generate_for(SigningAlgorithm::Es256)
    }

    /// A key for this algorithm. An RSA key has 2048 bits.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without a key")]
    pub fn generate_for(algorithm: SigningAlgorithm) -> Self {
        Self::of(SigningKey::generate(algorithm).expect("the operating system has random numbers"))
    }

    /// Reads a key from an unencrypted PKCS#8 text in PEM (RFC 7468 §10), such as that of [`to_pem`](Self::to_pem): for
    /// a program that makes proofs in several runs. An RSA key is for `RS256`, others are for the algorithm of their
    /// curve.
    ///
    /// # Errors
    /// If it is no such text, or no such key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> io::Result<Self> {
        let key = SigningKey::from_pkcs8_pem_of_any_kind(pem.as_ref());
        key.map(Self::of).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// The private key, as unencrypted PKCS#8 in PEM.
    ///
    /// # Panics
    /// If the key cannot be encoded.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without the key")]
    pub fn to_pem(&self) -> String {
        self.key.to_pkcs8_pem().expect("the key can be encoded")
    }

    fn of(key: SigningKey) -> Self {
        let mut jwk = key.public_jwk("");
        // A proof has the members that its thumbprint is made of.
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| !["kid", "alg", "use"].contains(&name.as_str()));
        }
        let parsed: Option<Jwk> = serde_json::from_value(jwk.clone()).ok();
        let thumbprint = parsed.and_then(|jwk| jwk.thumbprint()).map(|it| it.to_string());
        Self { key, jwk, thumbprint: thumbprint.unwrap_or_default() }
    }

    /// The SHA-256 thumbprint of the public key (RFC 7638): the value of `jkt` in the `cnf` of a token.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The public key, as a JWK.
    #[must_use]
    pub fn public_jwk(&self) -> &Value {
        &self.jwk
    }

    /// A proof for one request: with this method, to this URI. By default it is made now, and has a random `jti`.
    pub fn proof(&self, method: impl AsRef<str>, uri: impl AsRef<str>) -> DpopProof<'_> {
        let header =
            json!({ "typ": "dpop+jwt", "alg": self.key.algorithm().as_str(), "jwk": self.jwk });
        let claims = json!({
            "jti": random_value(),
            "htm": method.as_ref(),
            "htu": uri.as_ref(),
            "iat": numeric_date(SystemTime::now()),
        });
        DpopProof { key: &self.key, header: members(header), claims: members(claims) }
    }

    /// Signs any bytes: for proofs that [`DpopProof`] does not make. Of a JWS, the message is the text before the
    /// second period (RFC 7515 §5.1).
    ///
    /// # Panics
    /// If the key cannot sign.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without a signature")]
    pub fn sign_bytes(&self, message: impl AsRef<[u8]>) -> Vec<u8> {
        self.key.signature(message.as_ref()).expect("the key signs")
    }
}

fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A DPoP proof that is not signed yet: [`sign`](Self::sign) makes its text.
#[derive(Clone)]
#[must_use = "the proof is made by `sign`"]
pub struct DpopProof<'a> {
    key: &'a SigningKey,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl DpopProof<'_> {
    /// The `ath` claim: the hash of this access token, which every request to a resource server needs. Default: none.
    pub fn access_token(self, token: impl AsRef<str>) -> Self {
        self.claim("ath", base64url::encode(Sha256::digest(token.as_ref())))
    }

    /// The `nonce` claim: the value of the last `DPoP-Nonce` header of the server. Default: none.
    pub fn nonce(self, nonce: impl Into<String>) -> Self {
        self.claim("nonce", nonce.into())
    }

    /// The `iat` claim. Default: now.
    pub fn issued_at(self, time: SystemTime) -> Self {
        self.claim("iat", numeric_date(time))
    }

    /// Sets a claim, or omits it where the value is `null`.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name.into(), value.into());
        self
    }

    /// Sets a parameter of the header, or omits it where the value is `null`. The proof is signed with the key all the same.
    pub fn header_parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set(&mut self.header, name.into(), value.into());
        self
    }

    /// The value of the `DPoP` header.
    ///
    /// # Panics
    /// If the key cannot sign.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without a signature")]
    pub fn sign(self) -> String {
        let claims = Value::Object(self.claims).to_string();
        self.key.sign(&Value::Object(self.header), claims.as_bytes()).expect("the key signs")
    }
}

fn set(members: &mut Map<String, Value>, name: String, value: Value) {
    if value.is_null() {
        members.remove(&name);
    } else {
        members.insert(name, value);
    }
}

impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopKey").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}

impl fmt::Debug for DpopProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopProof").field("claims", &self.claims).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_and_read() {
        // R-H8
        use SigningAlgorithm::{EdDsa, Es256, Es384, Rs256};
        for algorithm in [Es256, Es384, EdDsa, Rs256] {
            let key = DpopKey::generate_for(algorithm);
            let pem = key.to_pem();
            let read = DpopKey::from_pem(&pem).unwrap();
            assert_eq!(
                (read.public_jwk(), read.thumbprint()),
                (key.public_jwk(), key.thumbprint())
            );
            assert_eq!(read.key.algorithm(), algorithm);
            assert!(!format!("{read:?}").contains(pem.lines().nth(1).unwrap()));
        }
        let error = DpopKey::from_pem("x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
