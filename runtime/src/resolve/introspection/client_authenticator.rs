//! Authentication with the credentials of a client, at the introspection endpoint (RFC 7662 §2.1) or the token endpoint
//! (RFC 6749 §2.3).

#[cfg(feature = "jwt")]
use std::sync::Arc;

use reqwest::RequestBuilder;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::ClientAuthentication;
#[cfg(feature = "jwt")]
use super::client_assertion::AssertionSettings;
use super::credentials::Credentials;
#[cfg(feature = "jwt")]
use crate::Clock;
use crate::loaded::Loaded;
use crate::resolve::authorization_server::client_certificate::CLIENT_CERTIFICATE;
use crate::resolve::authorization_server::discovery;
use crate::{ResolveError, Secret, SettingName, SetupError};

const CLIENT_SECRET: SettingName = SettingName::with_key("client_secret", "client_secret_file");
const CLIENT_AUTHENTICATION: SettingName = SettingName::of_both("client_authentication");

/// RFC 7523 §2.2.
#[cfg(feature = "jwt")]
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Authenticates requests with the credentials of a client, whose files it has read.
pub(crate) enum ClientAuthenticator {
    Basic {
        id: String,
        secret: Loaded<Secret>,
    },
    Post {
        id: String,
        secret: Loaded<Secret>,
    },
    #[cfg(feature = "jwt")]
    Assertion(AssertionSettings, Arc<dyn Clock>),
    TlsClient {
        id: String,
    },
}

impl ClientAuthenticator {
    /// `None` for an authentication without the credentials of a client.
    pub(crate) fn new(
        authentication: ClientAuthentication,
        settings: &discovery::Settings,
    ) -> Result<Option<Self>, SetupError> {
        let clock = &settings.connection.clock;
        Ok(Some(match authentication {
            ClientAuthentication::Basic { id, secret } => {
                Self::Basic { id, secret: secret.load_text(CLIENT_SECRET, clock)? }
            }
            ClientAuthentication::Post { id, secret } => {
                Self::Post { id, secret: secret.load_text(CLIENT_SECRET, clock)? }
            }
            #[cfg(feature = "jwt")]
            ClientAuthentication::Assertion(assertion) => {
                Self::Assertion(assertion.load(clock)?, Arc::clone(clock))
            }
            ClientAuthentication::TlsClient { id } => {
                if !settings.connection.has_client_certificate() {
                    return Err(SetupError::Requires {
                        setting: CLIENT_AUTHENTICATION,
                        required: CLIENT_CERTIFICATE,
                        reason: "the client certificate authenticates the client",
                    });
                }
                Self::TlsClient { id }
            }
            ClientAuthentication::None
            | ClientAuthentication::Bearer(_)
            | ClientAuthentication::ClientCredentials(_) => return Ok(None),
        }))
    }

    pub(crate) fn client_id(&self) -> &str {
        match self {
            Self::Basic { id, .. } | Self::Post { id, .. } | Self::TlsClient { id } => id,
            #[cfg(feature = "jwt")]
            Self::Assertion(settings, _) => &settings.id,
        }
    }

    /// Adds the form and the credentials to a request.
    pub(crate) async fn authenticate(
        &self,
        request: RequestBuilder,
        mut form: String,
    ) -> Result<(RequestBuilder, Credentials), ResolveError> {
        let (request, credentials) = match self {
            Self::Basic { id, secret } => {
                let secret = secret.get().await;
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let request = request.basic_auth(encode(id), Some(encode(secret.expose())));
                (request, Credentials::Secret(secret))
            }
            Self::Post { id, secret } => {
                let secret = secret.get().await;
                let added = [("client_id", id.as_str()), ("client_secret", secret.expose())];
                form = Serializer::for_suffix(form, 0).extend_pairs(added).finish();
                (request, Credentials::Secret(secret))
            }
            #[cfg(feature = "jwt")]
            Self::Assertion(AssertionSettings { id, audience, key }, clock) => {
                let key = key.get().await;
                let assertion = key.assertion(id, audience, clock.now())?;
                let added = [
                    ("client_id", id.as_str()),
                    ("client_assertion_type", ASSERTION_TYPE),
                    ("client_assertion", &assertion),
                ];
                form = Serializer::for_suffix(form, 0).extend_pairs(added).finish();
                (request, Credentials::Key(key))
            }
            Self::TlsClient { id } => {
                form = Serializer::for_suffix(form, 0).append_pair("client_id", id).finish();
                (request, Credentials::Other)
            }
        };
        Ok((request.body(form), credentials))
    }

    /// Whether there are other credentials than these, which the authorization server has rejected.
    pub(crate) async fn has_replaced(&self, rejected: &Credentials) -> bool {
        match (self, rejected) {
            (
                Self::Basic { secret, .. } | Self::Post { secret, .. },
                Credentials::Secret(rejected),
            ) => secret.reload_after_rejection(rejected).await,
            #[cfg(feature = "jwt")]
            (Self::Assertion(settings, _), Credentials::Key(rejected)) => {
                settings.key.reload_after_rejection(rejected).await
            }
            _ => false,
        }
    }
}
