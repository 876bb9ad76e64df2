//! The client credentials grant (RFC 6749 §4.4), as it is configured.

use std::sync::Arc;

use super::ClientAuthentication;
use super::client_authenticator::ClientAuthenticator;
use super::granted_token::{self, GrantedToken};
use crate::resolve::authorization_server::discovery::{self, Discovery};
use crate::resolve::authorization_server::endpoint::Endpoint;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::metadata_member::MetadataMember;
use crate::resource_server::SingleValue;
use crate::{SettingName, SetupError};

const CLIENT_CREDENTIALS_GRANT: SettingName = SettingName::of_both("client_credentials_grant");
const TOKEN_URL: SettingName = SettingName::of_both("token_url");
const TOKEN_SCOPES: SettingName = SettingName::with_key("scopes", "token_scopes");
const ISSUER: SettingName = SettingName::of_both("issuer");

/// Authenticates introspection requests with a bearer token that this server obtains at the token endpoint, with the
/// credentials of its client (RFC 6749 §4.4). For introspection endpoints that require a bearer token.
///
/// The token is requested when it is first needed, for all requests at once, and again in the background before it
/// expires: 30 s before its end, or after four fifths of its lifetime if that is later. A
/// token without `expires_in` is used for 60 s. If the introspection endpoint rejects a token that is older than 10 s,
/// another one is requested, and the introspection request is sent once more. While no token can be obtained, requests
/// get a 503, and a line is logged.
///
/// ```
/// use requires_auth::{ClientAuthentication, ClientCredentialsGrant, Introspection};
///
/// # fn run() -> Result<(), requires_auth::SetupError> {
/// let client = ClientAuthentication::Basic {
///     id: "journal".to_owned(),
///     secret: "the client's secret".into(),
/// };
/// let introspection = Introspection::from_issuer("https://auth.example")
///     .client_credentials_grant(ClientCredentialsGrant::new(client).scopes("introspection"))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientCredentialsGrant {
    pub(super) client: ClientAuthentication,
    token_url: SingleValue<String>,
    scopes: SingleValue<String>,
    issuer: SingleValue<String>,
    default_issuer: Option<String>,
}

impl ClientCredentialsGrant {
    /// Starts with how the client authenticates at the token endpoint.
    pub fn new(client: ClientAuthentication) -> Self {
        Self {
            client,
            token_url: SingleValue::UNSET,
            scopes: SingleValue::UNSET,
            issuer: SingleValue::UNSET,
            default_issuer: None,
        }
    }

    /// The token endpoint: `https`, or `http` on a loopback host. Default: that of the issuer's metadata; required
    /// beside [`Introspection::builder`](crate::Introspection::builder), which has no issuer.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url.set(url.into());
        self
    }

    /// The issuer, whose metadata names the token endpoint. Default: that of
    /// [`Introspection::from_issuer`](crate::Introspection::from_issuer).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer.set(issuer.into());
        self
    }

    /// The scopes to request, separated by spaces. Default: none, and the authorization server decides.
    pub fn scopes(mut self, scopes: impl Into<String>) -> Self {
        self.scopes.set(scopes.into());
        self
    }

    /// Sets the default of the issuer.
    pub(super) fn with_issuer(mut self, issuer: Option<String>) -> Self {
        let own = self.issuer.first().cloned().or(issuer);
        self.client = self.client.with_issuer(own.clone());
        self.default_issuer = own;
        self
    }

    pub(super) fn build(self, settings: &discovery::Settings) -> Result<GrantedToken, SetupError> {
        let connection = &settings.connection;
        let authenticator = ClientAuthenticator::new(self.client, settings)?.ok_or_else(|| {
            let expected = "used with the credentials of a client";
            SetupError::invalid(CLIENT_CREDENTIALS_GRANT, expected, "none")
        })?;
        let issuer = self.issuer.get(ISSUER)?.or(self.default_issuer);
        let endpoint = match (self.token_url.get(TOKEN_URL)?, issuer) {
            (Some(url), _) => {
                let url = connection.parse_url(&url).map_err(SetupError::url(TOKEN_URL))?;
                EndpointSource::Configured(Arc::new(Endpoint::new(url, connection)?))
            }
            (None, Some(issuer)) => {
                let url = connection.parse_url(&issuer).map_err(SetupError::url(ISSUER))?;
                let member = MetadataMember::TokenEndpoint;
                let discovery = Discovery::new(issuer, url, member, settings.clone());
                EndpointSource::Discovered(Box::new(discovery))
            }
            (None, None) => {
                return Err(SetupError::Missing { settings: vec![TOKEN_URL, ISSUER] });
            }
        };
        Ok(GrantedToken::new(granted_token::Settings {
            endpoint,
            authenticator,
            scopes: self.scopes.get(TOKEN_SCOPES)?,
            request_timeout: connection.request_timeout,
            max_waiting: settings.max_in_flight,
            clock: Arc::clone(&connection.clock),
        }))
    }
}
