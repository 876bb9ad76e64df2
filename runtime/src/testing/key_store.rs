//! The keys with which a server signs, and the key set that it serves.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::random::random_value;
use crate::SigningAlgorithm;
use crate::jose::SigningKey;

pub(super) struct KeyStore(Mutex<Keys>);

struct Keys {
    current: CurrentKey,
    /// The public keys that the key set contains besides the current one, the newest first.
    old: Vec<Value>,
    /// What the server serves in place of its key set.
    replaced: Option<Bytes>,
}

struct CurrentKey {
    id: String,
    key: SigningKey,
}

/// What becomes of the keys in the key set when there is a new one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OldKeys {
    Keep,
    Withdraw,
}

impl KeyStore {
    pub(super) fn new(algorithm: SigningAlgorithm) -> io::Result<Self> {
        let current = CurrentKey::generate(algorithm)?;
        Ok(Self(Mutex::new(Keys { current, old: Vec::new(), replaced: None })))
    }

    /// Signs with a new key from now on; for the same algorithm if `algorithm` is `None`.
    pub(super) fn rotate(
        &self,
        algorithm: Option<SigningAlgorithm>,
        old: OldKeys,
    ) -> io::Result<()> {
        let algorithm = algorithm.unwrap_or_else(|| self.keys().current.key.algorithm());
        // Before the lock: an RSA key takes long to generate, and requests for the key set need the lock.
        let new = CurrentKey::generate(algorithm)?;
        let mut keys = self.keys();
        let previous = std::mem::replace(&mut keys.current, new);
        match old {
            OldKeys::Keep => keys.old.insert(0, previous.public_jwk()),
            OldKeys::Withdraw => keys.old.clear(),
        }
        Ok(())
    }

    pub(super) fn withdraw_old(&self) {
        self.keys().old.clear();
    }

    /// Serves this body in place of the key set, or the key set again.
    pub(super) fn replace_key_set(&self, body: Option<Bytes>) {
        self.keys().replaced = body;
    }

    /// The body of the key set (RFC 7517 §5), the current key first.
    pub(super) fn key_set(&self) -> Bytes {
        let keys = self.keys();
        keys.replaced.clone().unwrap_or_else(|| {
            let mut published = vec![keys.current.public_jwk()];
            published.extend(keys.old.iter().cloned());
            json!({ "keys": published }).to_string().into()
        })
    }

    pub(super) fn algorithm(&self) -> SigningAlgorithm {
        self.keys().current.key.algorithm()
    }

    pub(super) fn public_jwk(&self) -> Value {
        self.keys().current.public_jwk()
    }

    pub(super) fn public_key_pem(&self) -> String {
        // A key that the library has generated can be encoded.
        self.keys().current.key.public_key_pem().unwrap_or_default()
    }

    /// Makes an access token (RFC 9068 §2.1). These parameters of the header replace its own, and those
    /// that are `null` are omitted.
    pub(super) fn sign_token(&self, parameters: &Map<String, Value>, claims: &Value) -> String {
        let keys = self.keys();
        let CurrentKey { id, key } = &keys.current;
        let mut header = Map::new();
        header.insert("typ".to_owned(), "at+jwt".into());
        header.insert("alg".to_owned(), key.algorithm().as_str().into());
        header.insert("kid".to_owned(), id.clone().into());
        header.extend(parameters.clone());
        header.retain(|_, value| !value.is_null());
        keys.current.sign(&Value::Object(header), claims.to_string().as_bytes())
    }

    /// Makes a signed introspection response (RFC 9701 §5).
    pub(super) fn sign_response(&self, payload: &[u8]) -> String {
        let keys = self.keys();
        let CurrentKey { id, key } = &keys.current;
        let algorithm = key.algorithm().as_str();
        let header = json!({ "typ": "token-introspection+jwt", "alg": algorithm, "kid": id });
        keys.current.sign(&header, payload)
    }

    /// Makes a JWS with exactly this header.
    pub(super) fn sign(&self, header: &Value, payload: &[u8]) -> String {
        self.keys().current.sign(header, payload)
    }

    pub(super) fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.keys().current.key.signature(message).unwrap_or_default()
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CurrentKey {
    fn generate(algorithm: SigningAlgorithm) -> io::Result<Self> {
        let key = SigningKey::generate(algorithm).map_err(io::Error::other)?;
        Ok(Self { id: random_value(), key })
    }

    fn public_jwk(&self) -> Value {
        self.key.public_jwk(&self.id)
    }

    fn sign(&self, header: &Value, payload: &[u8]) -> String {
        // A key that the library has generated can sign.
        self.key.sign(header, payload).unwrap_or_default()
    }
}
