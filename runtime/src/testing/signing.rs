//! The keys of an authorization server, as a test uses them.

use std::io;

use axum::body::Bytes;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::key_store::OldKeys;
use super::server::AuthorizationServer;
use crate::SigningAlgorithm;

impl AuthorizationServer {
    /// Signs tokens with a new key from now on, for the same algorithm. The old key stays in the key set, so
    /// that tokens that it has signed stay valid, until [`withdraw_old_keys`](Self::withdraw_old_keys).
    ///
    /// # Errors
    /// If no key can be generated.
    pub fn rotate_key(&self) -> io::Result<()> {
        self.state.keys.rotate(None, OldKeys::Keep)
    }

    /// Does the same as [`rotate_key`](Self::rotate_key), with a key for another algorithm.
    ///
    /// # Errors
    /// If no key can be generated.
    pub fn rotate_key_to(&self, algorithm: SigningAlgorithm) -> io::Result<()> {
        self.state.keys.rotate(Some(algorithm), OldKeys::Keep)
    }

    /// Signs tokens with a new key from now on, and removes all others from the key set at once, as after a
    /// leak of the private key. Introspection still responds that their tokens are active.
    ///
    /// # Errors
    /// If no key can be generated.
    pub fn replace_key(&self) -> io::Result<()> {
        self.state.keys.rotate(None, OldKeys::Withdraw)
    }

    /// Removes all keys from the key set that are not the current one.
    pub fn withdraw_old_keys(&self) {
        self.state.keys.withdraw_old();
    }

    /// Serves this body in place of the key set: any JSON document, or something that is none. The server
    /// signs as before. [`reset_key_set`](Self::reset_key_set) serves its keys again.
    ///
    /// ```
    /// use requires_auth::testing::AuthorizationServer;
    /// use serde_json::json;
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let server = AuthorizationServer::start().await?;
    /// server.set_key_set(r#"{"keys":[]}"#);
    /// let broken = json!({ "kty": "EC", "crv": "P-256", "x": "AA" });
    /// server.set_key_set(json!({ "keys": [broken, server.public_jwk()] }).to_string());
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_key_set(&self, body: impl Into<Bytes>) {
        self.state.keys.replace_key_set(Some(body.into()));
    }

    /// Serves the key set of the server again, after [`set_key_set`](Self::set_key_set).
    pub fn reset_key_set(&self) {
        self.state.keys.replace_key_set(None);
    }

    /// The public key of the current signing key, as a JWK (RFC 7517) with `kid`, `alg` and `use`.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        self.state.keys.public_jwk()
    }

    /// The public key of the current signing key, in PEM (RFC 7468 §13): such as for a token with an HMAC whose
    /// secret is this text, which a server that confuses the algorithms accepts (RFC 8725 §2.1).
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        self.state.keys.public_key_pem()
    }

    /// Signs a header and a payload with the current key, for tokens that no correct server issues. Returns
    /// a JWS in the compact serialization (RFC 7515 §7.1).
    ///
    /// Both are used as they are: `alg` of the header may be wrong, and the payload need not be JSON. The
    /// server does not store the token: introspection responds that it is inactive.
    ///
    /// ```
    /// use requires_auth::testing::AuthorizationServer;
    /// use serde_json::json;
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let server = AuthorizationServer::start().await?;
    /// let header = json!({
    ///     "alg": "ES256",
    ///     "kid": server.public_jwk()["kid"],
    ///     "typ": "at+jwt",
    ///     "crit": ["b64"],
    /// });
    /// let token = server.sign_jwt(header, r#"{"sub":"alice","sub":"bob"}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "called with the result of `json!`")]
    pub fn sign_jwt(&self, header: Value, payload: impl AsRef<[u8]>) -> String {
        self.state.keys.sign(&header, payload.as_ref())
    }

    /// Signs any bytes with the current key, and returns the signature: for tokens that
    /// [`sign_jwt`](Self::sign_jwt) does not make, because their header is no JSON object, has a member twice, or
    /// is not encoded as RFC 7515 §2 requires. Of a JWS, the message is the text before the second period
    /// (RFC 7515 §5.1).
    ///
    /// ```
    /// use base64::Engine as _;
    /// use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
    /// use requires_auth::testing::AuthorizationServer;
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let server = AuthorizationServer::start().await?;
    /// let header = BASE64URL.encode(r#"{"alg":"none","alg":"ES256"}"#);
    /// let payload = BASE64URL.encode(r#"{"sub":"alice"}"#);
    /// let message = format!("{header}.{payload}");
    /// let signature = BASE64URL.encode(server.sign_bytes(&message));
    /// let token = format!("{message}.{signature}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sign_bytes(&self, message: impl AsRef<[u8]>) -> Vec<u8> {
        self.state.keys.signature(message.as_ref())
    }

    /// The number of requests for the key set that arrived, with or without a fault.
    #[must_use]
    pub fn key_set_requests(&self) -> usize {
        self.state.recorder.count(Endpoint::KeySet)
    }
}
