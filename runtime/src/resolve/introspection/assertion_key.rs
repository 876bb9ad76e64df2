//! Signing client assertions (RFC 7523 §3).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::jose::{PrivateJwk, SigningKey, base64url};
use crate::reloaded_file::{ContentError, Parse};
use crate::{SigningAlgorithm, UnavailableError};

/// How long an assertion is valid. It is made for one request.
const LIFETIME: Duration = Duration::from_secs(60);

/// The least length of the key of HS256 (RFC 7518 §3.2).
const MIN_SECRET_LENGTH: usize = 32;

/// The key of a client, with what its assertions say about it.
pub(crate) struct AssertionKey {
    signer: Signer,
    key_id: Option<String>,
}

enum Signer {
    Private(SigningKey),
    Secret(Box<hmac::Key>),
}

/// What a key is used as.
#[derive(Clone)]
pub(super) struct KeySettings {
    pub(super) key_id: Option<String>,
    pub(super) algorithm: Algorithm,
}

#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    /// That of the key if there is none.
    Signature(Option<SigningAlgorithm>),
    /// HS256.
    Hmac,
}

impl KeySettings {
    pub(super) fn parse(self) -> Parse<AssertionKey> {
        Arc::new(move |content| {
            let key_id = self.key_id.clone();
            match self.algorithm {
                Algorithm::Signature(algorithm) => parse_private_key(content, key_id, algorithm),
                Algorithm::Hmac => parse_secret(content, key_id),
            }
        })
    }
}

fn parse_private_key(
    content: &[u8],
    key_id: Option<String>,
    algorithm: Option<SigningAlgorithm>,
) -> Result<AssertionKey, ContentError> {
    if content.trim_ascii_start().first() != Some(&b'{') {
        let key = match algorithm {
            Some(algorithm) => SigningKey::from_pkcs8_pem(algorithm, content)?,
            None => SigningKey::from_pkcs8_pem_of_any_kind(content)?,
        };
        return Ok(AssertionKey { signer: Signer::Private(key), key_id });
    }
    let jwk = PrivateJwk::read(content)?;
    let algorithm = match algorithm {
        Some(algorithm) => algorithm,
        None => jwk.default_algorithm()?,
    };
    let signer = Signer::Private(jwk.signing_key(algorithm)?);
    let key_id = key_id.or_else(|| jwk.key_id().map(str::to_owned));
    Ok(AssertionKey { signer, key_id })
}

fn parse_secret(content: &[u8], key_id: Option<String>) -> Result<AssertionKey, ContentError> {
    let secret = crate::secret_source::read_text(content)?;
    if secret.expose().len() < MIN_SECRET_LENGTH {
        return Err("expected at least 32 bytes, which HS256 requires".into());
    }
    let key = Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()));
    Ok(AssertionKey { signer: Signer::Secret(key), key_id })
}

impl AssertionKey {
    /// Makes an assertion for one request.
    pub(super) fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        now: SystemTime,
    ) -> Result<String, UnavailableError> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let id = base64url::encode(rand::random::<[u8; 16]>());
        let payload = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": id,
            "iat": now.as_secs(),
            "exp": (now + LIFETIME).as_secs(),
        });
        let payload = payload.to_string();
        let header = self.header();
        match &self.signer {
            Signer::Private(key) => key.sign(&header, payload.as_bytes()).map_err(|error| {
                UnavailableError::new("the client assertion could not be signed").with_source(error)
            }),
            Signer::Secret(key) => {
                let header = base64url::encode(header.to_string());
                let mut jws = format!("{header}.{}", base64url::encode(payload));
                let code = hmac::sign(key, jws.as_bytes());
                jws.push('.');
                jws.push_str(&base64url::encode(code));
                Ok(jws)
            }
        }
    }

    /// `typ` is that of any JWT: servers reject `client-authentication+jwt`, which is newer.
    fn header(&self) -> Value {
        let algorithm = match &self.signer {
            Signer::Private(key) => key.algorithm().as_str(),
            Signer::Secret(_) => "HS256",
        };
        let mut header = json!({ "alg": algorithm, "typ": "JWT" });
        if let (Some(members), Some(id)) = (header.as_object_mut(), &self.key_id) {
            members.insert("kid".to_owned(), id.as_str().into());
        }
        header
    }
}
