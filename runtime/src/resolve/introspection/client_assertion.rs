//! Client assertions (RFC 7523 §2.2), as they are configured.

use std::fmt;
use std::sync::Arc;

use super::assertion_key::{Algorithm, AssertionKey, KeySettings};
use crate::loaded::Loaded;
use crate::resource_server::SingleValue;
use crate::{Clock, SecretSource, SettingName, SetupError, SigningAlgorithm};

const PRIVATE_KEY: SettingName =
    SettingName::with_key("private_key_jwt", "client_private_key_file");
const CLIENT_SECRET: SettingName = SettingName::with_key("client_secret_jwt", "client_secret_file");
const KEY_ID: SettingName = SettingName::with_key("key_id", "client_key_id");
const ALGORITHM: SettingName = SettingName::with_key("algorithm", "client_assertion_algorithm");
const AUDIENCE: SettingName = SettingName::with_key("audience", "client_assertion_audience");

/// Authenticates this server with a JWT that it signs for each request (RFC 7523 §2.2): `private_key_jwt` or
/// `client_secret_jwt`. So the authorization server never receives the key.
///
/// `iss` and `sub` are the client id, `aud` is the [audience](Self::audience), `jti` is random, and the JWT is valid
/// for 60 s.
///
/// ```
/// use requires_auth::{ClientAssertion, ClientAuthentication, Introspection, SecretSource};
///
/// # fn run() -> Result<(), requires_auth::SetupError> {
/// let key = SecretSource::file("/run/secrets/journal.pem");
/// let assertion = ClientAssertion::private_key_jwt("journal", key).key_id("2026-11");
/// let introspection = Introspection::from_issuer("https://auth.example")
///     .client_authentication(ClientAuthentication::Assertion(assertion))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientAssertion {
    pub(crate) id: String,
    key: Key,
    key_id: SingleValue<String>,
    algorithm: SingleValue<SigningAlgorithm>,
    audience: SingleValue<String>,
    issuer: Option<String>,
}

#[derive(Clone)]
enum Key {
    Private(SecretSource),
    Secret(SecretSource),
}

impl ClientAssertion {
    /// `private_key_jwt`: the JWT is signed with a private key, whose public key is registered at the authorization
    /// server (OpenID Connect Core 1.0 §9).
    ///
    /// The key is an unencrypted PKCS#8 key in PEM (`BEGIN PRIVATE KEY`), or a private JWK (RFC 7517): an RSA key with
    /// 2048 to 8192 bits, or one of P-256, P-384 or Ed25519.
    pub fn private_key_jwt(id: impl Into<String>, key: impl Into<SecretSource>) -> Self {
        Self::new(id.into(), Key::Private(key.into()))
    }

    /// `client_secret_jwt`: the JWT has a message authentication code of the client secret, with HS256 (OpenID Connect
    /// Core 1.0 §9). The secret has at least 32 bytes (RFC 7518 §3.2).
    pub fn client_secret_jwt(id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self::new(id.into(), Key::Secret(secret.into()))
    }

    fn new(id: String, key: Key) -> Self {
        Self {
            id,
            key,
            key_id: SingleValue::UNSET,
            algorithm: SingleValue::UNSET,
            audience: SingleValue::UNSET,
            issuer: None,
        }
    }

    /// Sets `kid`, by which the authorization server selects the public key. Default: `kid` of a JWK, else none.
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id.set(id.into());
        self
    }

    /// Sets the algorithm of the private key. Default: `alg` of a JWK, else RS256, ES256, ES384 or EdDSA by the kind
    /// of the key.
    pub fn algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.algorithm.set(algorithm);
        self
    }

    /// Sets `aud`. Some authorization servers require the URL of their token endpoint or of the endpoint that the
    /// request is sent to.
    ///
    /// Default: the issuer, as draft-ietf-oauth-rfc7523bis §4 and OpenID Connect Core 1.0 §9 require, so that no other
    /// server can use the JWT. Required beside [`Introspection::builder`](crate::Introspection::builder), which has no
    /// issuer.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.set(audience.into());
        self
    }

    /// Sets the default of the audience.
    pub(crate) fn with_issuer(mut self, issuer: Option<String>) -> Self {
        self.issuer = issuer;
        self
    }

    /// Reads the key.
    pub(crate) fn load(self, clock: &Arc<dyn Clock>) -> Result<AssertionSettings, SetupError> {
        let key_id = self.key_id.get(KEY_ID)?;
        let algorithm = self.algorithm.get(ALGORITHM)?;
        let audience = self.audience.get(AUDIENCE)?.or(self.issuer);
        let (setting, source, algorithm) = match self.key {
            Key::Private(source) => (PRIVATE_KEY, source, Algorithm::Signature(algorithm)),
            Key::Secret(source) if algorithm.is_none() => (CLIENT_SECRET, source, Algorithm::Hmac),
            Key::Secret(_) => {
                return Err(SetupError::Contradiction {
                    settings: vec![CLIENT_SECRET, ALGORITHM],
                    reason: "a client secret is used with HS256",
                });
            }
        };
        let audience = audience.ok_or(SetupError::Requires {
            setting,
            required: AUDIENCE,
            reason: "`aud` of the JWT names the issuer, and no issuer is set",
        })?;
        let key = source.load(setting, KeySettings { key_id, algorithm }.parse(), clock)?;
        Ok(AssertionSettings { id: self.id, audience, key })
    }
}

/// The checked settings.
pub(crate) struct AssertionSettings {
    pub(crate) id: String,
    pub(crate) audience: String,
    pub(crate) key: Loaded<AssertionKey>,
}

/// Without the key.
impl fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAssertion")
            .field("id", &self.id)
            .field("key_id", &self.key_id.first())
            .field("algorithm", &self.algorithm.first())
            .field("audience", &self.audience.first())
            .finish_non_exhaustive()
    }
}
