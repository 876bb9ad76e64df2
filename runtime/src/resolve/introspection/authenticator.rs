//! Client authentication of introspection requests (RFC 7662 §2.1).

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use reqwest::RequestBuilder;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::ClientAuthentication;
#[cfg(feature = "jwt")]
use super::assertion_key::AssertionKey;
#[cfg(feature = "jwt")]
use super::client_assertion::AssertionSettings;
use super::client_identity;
use super::granted_token::GrantedToken;
use super::token_source::{BearerKind, DynTokenSource};
#[cfg(feature = "jwt")]
use crate::Clock;
use crate::loaded::Loaded;
use crate::resolve::authorization_server::client_certificate::CLIENT_CERTIFICATE;
use crate::resolve::authorization_server::discovery;
use crate::{ClientError, ResolveError, Secret, SettingName, SetupError};

const CLIENT_SECRET: SettingName = SettingName::with_key("client_secret", "client_secret_file");
const CLIENT_AUTHENTICATION: SettingName = SettingName::of_both("client_authentication");
const BEARER_TOKEN: SettingName = SettingName::with_key("bearer_token", "bearer_token_file");

/// RFC 7523 §2.2.
#[cfg(feature = "jwt")]
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Authenticates requests. Made of a [`ClientAuthentication`], whose files it has read.
pub(super) struct Authenticator {
    method: Method,
    /// Distinguishes clients, without a secret.
    pub(super) identity: String,
}

enum Method {
    None,
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
    Granted {
        client_id: Option<String>,
        token: GrantedToken,
    },
    Bearer(Loaded<Secret>),
    Source(Arc<dyn DynTokenSource>),
}

/// What a request was authenticated with.
pub(super) enum Credentials {
    /// Nothing that can be replaced.
    Other,
    Secret(Arc<Secret>),
    #[cfg(feature = "jwt")]
    Key(Arc<AssertionKey>),
}

impl Authenticator {
    pub(super) fn new(
        authentication: ClientAuthentication,
        settings: &discovery::Settings,
    ) -> Result<Self, SetupError> {
        let clock = &settings.connection.clock;
        let identity = client_identity::of(&authentication);
        let method = match authentication {
            ClientAuthentication::None => Method::None,
            ClientAuthentication::Basic { id, secret } => {
                Method::Basic { id, secret: secret.load_text(CLIENT_SECRET, clock)? }
            }
            ClientAuthentication::Post { id, secret } => {
                Method::Post { id, secret: secret.load_text(CLIENT_SECRET, clock)? }
            }
            #[cfg(feature = "jwt")]
            ClientAuthentication::Assertion(assertion) => {
                Method::Assertion(assertion.load(clock)?, Arc::clone(clock))
            }
            ClientAuthentication::TlsClient { id } => {
                if !settings.connection.has_client_certificate() {
                    return Err(SetupError::Requires {
                        setting: CLIENT_AUTHENTICATION,
                        required: CLIENT_CERTIFICATE,
                        reason: "the client certificate authenticates the client",
                    });
                }
                Method::TlsClient { id }
            }
            ClientAuthentication::ClientCredentials(grant) => {
                let token = grant.build(settings)?;
                Method::Granted { client_id: token.client_id().map(str::to_owned), token }
            }
            ClientAuthentication::Bearer(source) => match source.0 {
                BearerKind::Secret(token) => Method::Bearer(token.load_text(BEARER_TOKEN, clock)?),
                BearerKind::Source { source, .. } => Method::Source(source),
            },
        };
        Ok(Self { method, identity })
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        match &self.method {
            Method::Basic { id, .. } | Method::Post { id, .. } | Method::TlsClient { id } => {
                Some(id)
            }
            #[cfg(feature = "jwt")]
            Method::Assertion(settings, _) => Some(&settings.id),
            Method::Granted { client_id, .. } => client_id.as_deref(),
            Method::None | Method::Bearer(_) | Method::Source(_) => None,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self.method, Method::None)
    }

    /// Discovers the token endpoint, if tokens are obtained there. Fails only if no later attempt can succeed.
    pub(super) async fn discover_at_start(&self) -> Result<(), SetupError> {
        match &self.method {
            Method::Granted { token, .. } => token.discover_at_start().await,
            _ => Ok(()),
        }
    }

    /// Adds the form and the credentials to a request.
    pub(super) async fn authenticate(
        &self,
        request: RequestBuilder,
        mut form: String,
    ) -> Result<(RequestBuilder, Credentials), ResolveError> {
        let (request, credentials) = match &self.method {
            Method::None => (request, Credentials::Other),
            Method::Basic { id, secret } => {
                let secret = secret.get().await;
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let request = request.basic_auth(encode(id), Some(encode(secret.expose())));
                (request, Credentials::Secret(secret))
            }
            Method::Post { id, secret } => {
                let secret = secret.get().await;
                let added = [("client_id", id.as_str()), ("client_secret", secret.expose())];
                form = Serializer::for_suffix(form, 0).extend_pairs(added).finish();
                (request, Credentials::Secret(secret))
            }
            #[cfg(feature = "jwt")]
            Method::Assertion(AssertionSettings { id, audience, key }, clock) => {
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
            Method::TlsClient { id } => {
                form = Serializer::for_suffix(form, 0).append_pair("client_id", id).finish();
                (request, Credentials::Other)
            }
            Method::Granted { token, .. } => {
                let token = token.get().await?;
                (request.header(AUTHORIZATION, bearer(&token)?), Credentials::Secret(token))
            }
            Method::Bearer(token) => {
                let token = token.get().await;
                (request.header(AUTHORIZATION, bearer(&token)?), Credentials::Secret(token))
            }
            Method::Source(source) => {
                let token = source.token_boxed().await?;
                (request.header(AUTHORIZATION, bearer(&token)?), Credentials::Other)
            }
        };
        Ok((request.body(form), credentials))
    }

    /// Whether there are other credentials than these, which the authorization server has rejected.
    pub(super) async fn has_replaced(&self, rejected: &Credentials) -> bool {
        match (&self.method, rejected) {
            (
                Method::Basic { secret, .. } | Method::Post { secret, .. } | Method::Bearer(secret),
                Credentials::Secret(rejected),
            ) => secret.reload_after_rejection(rejected).await,
            #[cfg(feature = "jwt")]
            (Method::Assertion(settings, _), Credentials::Key(rejected)) => {
                settings.key.reload_after_rejection(rejected).await
            }
            (Method::Granted { token, .. }, Credentials::Secret(rejected)) => {
                token.replace(rejected).await
            }
            _ => false,
        }
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, ResolveError> {
    let header = HeaderValue::try_from(format!("Bearer {}", token.expose()));
    let mut header =
        header.map_err(|_| ResolveError::InvalidClient(ClientError::Rejected(None)))?;
    header.set_sensitive(true);
    Ok(header)
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}
