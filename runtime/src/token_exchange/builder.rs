//! The settings of a token exchange.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use tokio::sync::Semaphore;
use url::Url;

use super::TokenExchange;
use super::client::Inner;
use super::request::{Actor, RequestSender, Target};
use super::store::Store;
use crate::loaded::Source;
use crate::resolve::authorization_server::connection::ConnectionSettings;
use crate::resolve::authorization_server::discovery::{self, Discovery};
use crate::resolve::authorization_server::endpoint::Endpoint;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::metadata_member::MetadataMember;
use crate::resolve::authorization_server::retry_delay::RetryDelay;
use crate::resolve::cache::local_key::LocalKeyHasher;
use crate::resolve::cache::single_flight::SingleFlight;
use crate::resolve::introspection::client_authenticator::ClientAuthenticator;
use crate::resolve::introspection::defaults;
use crate::resolve::introspection::token_source::DynTokenSource;
use crate::resource_server::SingleValue;
use crate::scope::{is_scope, pieces};
use crate::secure_url::Http;
use crate::{
    ClientAuthentication, Clock, ScopeSet, Secret, SettingName, SetupError, TokenSource, UrlError,
};

const ISSUER: SettingName = SettingName::of_builder("from_issuer");
const CLIENT: SettingName = SettingName::of_builder("from_issuer");
const TOKEN_URL: SettingName = SettingName::of_builder("token_url");
const RESOURCE: SettingName = SettingName::of_builder("resource");
const AUDIENCE: SettingName = SettingName::of_builder("audience");
const SCOPES: SettingName = SettingName::of_builder("scopes");
const ACTOR_TOKEN: SettingName = SettingName::of_builder("actor_token");
const SUBJECT_TOKEN_TYPE: SettingName = SettingName::of_builder("subject_token_type");
const REQUESTED_TOKEN_TYPE: SettingName = SettingName::of_builder("requested_token_type");
const MAX_IN_FLIGHT: SettingName = SettingName::of_builder("max_in_flight");
const MAX_BYTES: SettingName = SettingName::of_builder("max_bytes");

/// RFC 8693 §3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The default of the size of the cache.
const DEFAULT_MAX_BYTES: u64 = 16 << 20;

/// The settings of a [`TokenExchange`]. Made by [`TokenExchange::from_issuer`].
///
/// Each method sets its setting once: a second, different value is an error of [`build`](Self::build).
#[must_use]
pub struct TokenExchangeBuilder {
    issuer: String,
    client: ClientAuthentication,
    connection: ConnectionSettings,
    token_url: SingleValue<String>,
    resource: SingleValue<String>,
    audience: SingleValue<String>,
    scopes: SingleValue<String>,
    actor: SingleValue<Arc<dyn DynTokenSource>>,
    subject_token_type: SingleValue<String>,
    requested_token_type: SingleValue<String>,
    max_in_flight: SingleValue<usize>,
    max_bytes: SingleValue<u64>,
}

impl TokenExchange {
    /// Starts with the issuer of the callers' tokens, whose metadata names the token endpoint, and with how this server
    /// authenticates there: with a secret, an assertion or a certificate.
    ///
    /// The issuer is `https`, or `http` on a loopback host, and exactly the text that the tokens and the
    /// [resource server](crate::ResourceServerBuilder::issuer) have. Tokens of other issuers, and API keys, are not sent
    /// to it.
    ///
    /// The metadata is read when it is first needed, as
    /// [`Introspection::from_issuer`](crate::Introspection::from_issuer) describes.
    pub fn from_issuer(
        issuer: impl Into<String>,
        client: ClientAuthentication,
    ) -> TokenExchangeBuilder {
        TokenExchangeBuilder {
            issuer: issuer.into(),
            client,
            connection: ConnectionSettings::UNSET,
            token_url: SingleValue::UNSET,
            resource: SingleValue::UNSET,
            audience: SingleValue::UNSET,
            scopes: SingleValue::UNSET,
            actor: SingleValue::UNSET,
            subject_token_type: SingleValue::UNSET,
            requested_token_type: SingleValue::UNSET,
            max_in_flight: SingleValue::UNSET,
            max_bytes: SingleValue::UNSET,
        }
    }
}

impl TokenExchangeBuilder {
    /// Sets the resource identifier of the API, an absolute URI (`resource`, RFC 8693 §2.1 and RFC 8707 §2). Required,
    /// or [`audience`](Self::audience). Default: none.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.resource.set(uri.into());
        self
    }

    /// Sets the name of the API at the authorization server, such as its client id (`audience`, RFC 8693 §2.1). Required,
    /// or [`resource`](Self::resource). Default: none.
    pub fn audience(mut self, name: impl Into<String>) -> Self {
        self.audience.set(name.into());
        self
    }

    /// Sets the scopes to request, separated by spaces. A token without one of them is not used. Default: none, and the
    /// authorization server decides.
    pub fn scopes(mut self, scopes: impl Into<String>) -> Self {
        self.scopes.set(scopes.into());
        self
    }

    /// Sends a token of the party that acts for the caller, such as this server, so that the issued token names it in `act`
    /// (`actor_token`, RFC 8693 §2.1 and §4.1). It is an access token. The source is called for each request. Default: none,
    /// and the authorization server knows this server by its client authentication alone.
    pub fn actor_token(mut self, source: impl TokenSource) -> Self {
        self.actor.set_once(Arc::new(source));
        self
    }

    /// Sets the type of the caller's token, a URI of RFC 8693 §3. Default:
    /// `urn:ietf:params:oauth:token-type:access_token`.
    pub fn subject_token_type(mut self, uri: impl Into<String>) -> Self {
        self.subject_token_type.set(uri.into());
        self
    }

    /// Sets the type of the token to request, a URI of RFC 8693 §3. A response whose `issued_token_type` is another one
    /// is not used. Default: `urn:ietf:params:oauth:token-type:access_token`.
    pub fn requested_token_type(mut self, uri: impl Into<String>) -> Self {
        self.requested_token_type.set(uri.into());
        self
    }

    /// Sets the token endpoint: `https`, or `http` on a loopback host. Default: that of the issuer's metadata.
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url.set(url.into());
        self
    }

    /// Sets the certificate for mutual TLS, and its private key, in PEM: see
    /// [`IntrospectionBuilder::client_certificate`](crate::IntrospectionBuilder::client_certificate). Default: none.
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        let key = Zeroizing::new(key.into().expose().as_bytes().to_vec());
        let chain = Source::Text(Zeroizing::new(chain.into()));
        self.connection.client_certificate.set([chain, Source::Text(key)]);
        self
    }

    /// Sets the files with the certificate for mutual TLS and its private key, which are read again at most every 10 s: see
    /// [`IntrospectionBuilder::client_certificate_files`](crate::IntrospectionBuilder::client_certificate_files).
    /// Default: none.
    pub fn client_certificate_files(
        mut self,
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        let files = [Source::File(chain.into()), Source::File(key.into())];
        self.connection.client_certificate.set(files);
        self
    }

    /// Limits the duration of connecting, which must be more than 0. Default: 2 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connection.connect_timeout.set(timeout);
        self
    }

    /// Limits the duration of an exchange from the discovery to the last byte of the response, with one retry after a
    /// broken connection, 502, 503 or 504. It must be more than 0. Default: 5 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.connection.request_timeout.set(timeout);
        self
    }

    /// Sets the trust anchors, in PEM: see
    /// [`IntrospectionBuilder::trust_anchors`](crate::IntrospectionBuilder::trust_anchors). Default: those of the platform.
    pub fn trust_anchors(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.connection.trust_anchors.set(Source::Text(pem.into()));
        self
    }

    /// Sets the file with the trust anchors, which is read again at most every 10 s: see
    /// [`IntrospectionBuilder::trust_anchors_file`](crate::IntrospectionBuilder::trust_anchors_file).
    /// Default: the trust anchors of the platform.
    pub fn trust_anchors_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.connection.trust_anchors.set(Source::File(path.into()));
        self
    }

    /// Limits the number of requests in flight, which must be at least 1. An exchange beyond the limit is
    /// [`Unavailable`](super::TokenExchangeError::Unavailable) at once. Default: 256.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight.set(requests);
        self
    }

    /// Limits the size of the cache, in bytes, at least 1. Default: 16 MiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes.set(bytes);
        self
    }

    /// Allows plain `http` on other hosts than loopback ones. Tokens and credentials can then be read, and responses forged,
    /// on the network. Default: not allowed.
    pub fn dangerously_allow_http(mut self) -> Self {
        self.connection.http = Http::Anywhere;
        self
    }

    /// Sets the clock of the cache, of `Retry-After` and of the delays of discovery. Timeouts do not use it. Default:
    /// [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.connection.clock.set_once(Arc::new(clock));
        self
    }

    /// Builds the client. It sends nothing.
    ///
    /// # Errors
    /// [`SetupError::Missing`] without a resource and an audience; [`SetupError::Url`] if the issuer, the token endpoint or
    /// the resource is not an acceptable URL; [`SetupError::Invalid`] if another value is out of range, or if `client` has
    /// no credentials of a client; [`SetupError::SetTwice`] if a setting has two values; [`SetupError::File`] and
    /// [`SetupError::Content`] for a file, a key or a certificate that cannot be used; [`SetupError::Requires`] for mutual
    /// TLS without a certificate; [`SetupError::HttpClient`] if no HTTP client can be made.
    pub fn build(self) -> Result<TokenExchange, SetupError> {
        let target = Target {
            resource: resource(self.resource)?,
            audience: self.audience.get(AUDIENCE)?,
            scopes: scopes(self.scopes)?,
            subject_token_type: token_type(SUBJECT_TOKEN_TYPE, self.subject_token_type)?,
            requested_token_type: token_type(REQUESTED_TOKEN_TYPE, self.requested_token_type)?,
            actor: self
                .actor
                .get(ACTOR_TOKEN)?
                .map(|source| Actor { source, token_type: ACCESS_TOKEN.to_owned() }),
        };
        if target.resource.is_none() && target.audience.is_none() {
            return Err(SetupError::Missing { settings: vec![RESOURCE, AUDIENCE] });
        }
        let max_in_flight =
            self.max_in_flight.get(MAX_IN_FLIGHT)?.unwrap_or(defaults::MAX_IN_FLIGHT);
        if max_in_flight == 0 || max_in_flight > Semaphore::MAX_PERMITS {
            let expected = "at least 1 and at most `usize::MAX >> 3`";
            return Err(SetupError::invalid(MAX_IN_FLIGHT, expected, max_in_flight));
        }
        let max_bytes = self.max_bytes.get(MAX_BYTES)?.unwrap_or(DEFAULT_MAX_BYTES);
        if max_bytes == 0 {
            return Err(SetupError::invalid(MAX_BYTES, "at least 1", max_bytes));
        }
        let connection = self.connection.check()?;
        let clock = Arc::clone(&connection.clock);
        let request_timeout = connection.request_timeout;
        let settings = discovery::Settings { connection, max_in_flight };
        let client = self.client.with_issuer(Some(self.issuer.clone()));
        let authenticator = ClientAuthenticator::new(client, &settings)?.ok_or_else(|| {
            SetupError::invalid(CLIENT, "called with the credentials of a client", "none")
        })?;
        let requests = RequestSender {
            endpoint: endpoint(&self.issuer, self.token_url, settings)?,
            authenticator,
            target,
            request_timeout,
            clock: Arc::clone(&clock),
            slots: Semaphore::new(max_in_flight),
            unreachable: Mutex::new(RetryDelay::new()),
        };
        Ok(TokenExchange::new(Inner {
            issuer: self.issuer,
            requests,
            store: Store::new(max_bytes, clock),
            key_hasher: LocalKeyHasher::new("token_exchange", false),
            single_flight: Arc::new(SingleFlight::default()),
        }))
    }
}

fn endpoint(
    issuer: &str,
    token_url: SingleValue<String>,
    settings: discovery::Settings,
) -> Result<EndpointSource, SetupError> {
    let connection = &settings.connection;
    let issuer_url = connection.parse_url(issuer).map_err(SetupError::url(ISSUER))?;
    if let Some(url) = token_url.get(TOKEN_URL)? {
        let url = connection.parse_url(&url).map_err(SetupError::url(TOKEN_URL))?;
        return Ok(EndpointSource::Configured(Arc::new(Endpoint::new(url, connection)?)));
    }
    let member = MetadataMember::TokenEndpoint;
    let discovery = Discovery::new(issuer.to_owned(), issuer_url, member, settings);
    Ok(EndpointSource::Discovered(Box::new(discovery)))
}

/// An absolute URI without a fragment (RFC 8707 §2).
fn resource(value: SingleValue<String>) -> Result<Option<String>, SetupError> {
    let Some(uri) = value.get(RESOURCE)? else { return Ok(None) };
    let problem = match Url::parse(&uri) {
        Ok(url) if url.fragment().is_none() => return Ok(Some(uri)),
        Ok(_) => UrlError::Fragment,
        Err(_) => UrlError::NotAbsolute,
    };
    Err(SetupError::Url { setting: RESOURCE, problem })
}

fn scopes(value: SingleValue<String>) -> Result<ScopeSet, SetupError> {
    let scopes = value.get(SCOPES)?.unwrap_or_default();
    match pieces(&scopes).find(|scope| !is_scope(scope)) {
        None => Ok(ScopeSet::granted(pieces(&scopes))),
        Some(scope) => {
            Err(SetupError::invalid(SCOPES, "scopes in the grammar of RFC 6749 §3.3", scope))
        }
    }
}

fn token_type(setting: SettingName, value: SingleValue<String>) -> Result<String, SetupError> {
    let uri = value.get(setting)?.unwrap_or_else(|| ACCESS_TOKEN.to_owned());
    if Url::parse(&uri).is_err() {
        return Err(SetupError::Url { setting, problem: UrlError::NotAbsolute });
    }
    Ok(uri)
}

/// Without secrets.
impl fmt::Debug for TokenExchangeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenExchangeBuilder")
            .field("client", &self.client)
            .field("resource", &self.resource.first())
            .field("audience", &self.audience.first())
            .field("scopes", &self.scopes.first())
            .finish_non_exhaustive()
    }
}
