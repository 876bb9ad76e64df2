//! Authentication of introspection requests (RFC 7662 §2.1).

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use reqwest::RequestBuilder;

use super::ClientAuthentication;
use super::client_authenticator::ClientAuthenticator;
use super::client_identity;
use super::credentials::Credentials;
use super::granted_token::GrantedToken;
use super::token_source::{BearerKind, DynTokenSource};
use crate::loaded::Loaded;
use crate::resolve::authorization_server::discovery;
use crate::{ClientError, ResolveError, Secret, SettingName, SetupError};

const BEARER_TOKEN: SettingName = SettingName::with_key("bearer_token", "bearer_token_file");

/// Authenticates requests. Made of a [`ClientAuthentication`], whose files it has read.
pub(super) struct Authenticator {
    method: Method,
    /// Distinguishes clients, without a secret.
    pub(super) identity: String,
}

enum Method {
    None,
    Client(ClientAuthenticator),
    /// A bearer token that is obtained with the credentials of a client.
    Granted(GrantedToken),
    Bearer(Loaded<Secret>),
    Source(Arc<dyn DynTokenSource>),
}

impl Authenticator {
    pub(super) fn new(
        authentication: ClientAuthentication,
        settings: &discovery::Settings,
    ) -> Result<Self, SetupError> {
        let identity = client_identity::of(&authentication);
        let method = match authentication {
            ClientAuthentication::ClientCredentials(grant) => {
                Method::Granted(grant.build(settings)?)
            }
            ClientAuthentication::Bearer(source) => match source.0 {
                BearerKind::Secret(token) => {
                    Method::Bearer(token.load_text(BEARER_TOKEN, &settings.connection.clock)?)
                }
                BearerKind::Source { source, .. } => Method::Source(source),
            },
            client => {
                ClientAuthenticator::new(client, settings)?.map_or(Method::None, Method::Client)
            }
        };
        Ok(Self { method, identity })
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        match &self.method {
            Method::Client(client) => Some(client.client_id()),
            Method::Granted(token) => Some(token.client_id()),
            Method::None | Method::Bearer(_) | Method::Source(_) => None,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self.method, Method::None)
    }

    /// Discovers the token endpoint, if tokens are obtained there. Fails only if no later attempt can succeed.
    pub(super) async fn discover_at_start(&self) -> Result<(), SetupError> {
        match &self.method {
            Method::Granted(token) => token.discover_at_start().await,
            _ => Ok(()),
        }
    }

    /// Adds the form and the credentials to a request.
    pub(super) async fn authenticate(
        &self,
        request: RequestBuilder,
        form: String,
    ) -> Result<(RequestBuilder, Credentials), ResolveError> {
        let (token, credentials) = match &self.method {
            Method::None => return Ok((request.body(form), Credentials::Other)),
            Method::Client(client) => return client.authenticate(request, form).await,
            Method::Granted(token) => {
                let token = token.get().await?;
                (bearer(&token)?, Credentials::Secret(token))
            }
            Method::Bearer(token) => {
                let token = token.get().await;
                (bearer(&token)?, Credentials::Secret(token))
            }
            Method::Source(source) => (bearer(&source.token_boxed().await?)?, Credentials::Other),
        };
        Ok((request.header(AUTHORIZATION, token).body(form), credentials))
    }

    /// Whether there are other credentials than these, which the authorization server has rejected.
    pub(super) async fn has_replaced(&self, rejected: &Credentials) -> bool {
        match (&self.method, rejected) {
            (Method::Client(client), rejected) => client.has_replaced(rejected).await,
            (Method::Granted(token), Credentials::Secret(rejected)) => {
                token.replace(rejected).await
            }
            (Method::Bearer(token), Credentials::Secret(rejected)) => {
                token.reload_after_rejection(rejected).await
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
