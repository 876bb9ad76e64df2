//! The builder of the introspection client.

mod build;
mod circuit_breaker;
#[cfg(feature = "jwt")]
mod client_assertion;
mod client_certificate;
mod client_credentials_grant;
#[cfg(feature = "jwt")]
mod signed_response;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{ClientAuthentication, Introspection, TokenSource};
use crate::loaded::Source;
use crate::resolve::authorization_server::connection::ConnectionSettings;
use crate::resolve::authorization_server::metadata;
use crate::resolve::authorization_server::metadata_member::MetadataMember;
use crate::resource_server::SingleValue;
use crate::secure_url::Http;
use crate::{Clock, ScopeClaim, SecretSource, SettingName, SetupError};

pub(crate) const INTROSPECTION_URL: SettingName =
    SettingName::of_configuration("introspection_url");
const ISSUER: SettingName = SettingName::of_both("issuer");

/// The settings of an [`Introspection`] client. Made by [`Introspection::builder`],
/// [`Introspection::from_issuer`] and [`Introspection::discover`].
///
/// Each method sets its setting once: a second, different value is an error of [`build`](Self::build), and so is a
/// second way of client authentication.
///
/// ```
/// use std::time::Duration;
///
/// use requires_auth::Introspection;
///
/// # async fn run() -> Result<(), requires_auth::SetupError> {
/// let introspection = Introspection::from_issuer("https://auth.example")
///     .client_secret_basic("journal", "the client's secret")
///     .request_timeout(Duration::from_secs(2))
///     .max_in_flight(64)
///     .build()?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct IntrospectionBuilder {
    location: Location,
    connection: ConnectionSettings,
    authentication: SingleValue<ClientAuthentication>,
    client_identity: SingleValue<String>,
    scope_claims: SingleValue<Vec<ScopeClaim>>,
    max_response_length: SingleValue<usize>,
    max_in_flight: SingleValue<usize>,
    max_retry_after: SingleValue<Duration>,
    retry: bool,
    circuit_breaker: bool,
    circuit_breaker_failures: SingleValue<u32>,
    circuit_breaker_probe_interval: SingleValue<Duration>,
    #[cfg(feature = "jwt")]
    signed_response: signed_response::Settings,
}

/// The URL that is configured.
enum Location {
    Endpoint(String),
    Issuer(String),
}

impl Location {
    fn issuer(&self) -> Option<&str> {
        match self {
            Self::Endpoint(_) => None,
            Self::Issuer(issuer) => Some(issuer),
        }
    }
}

impl Introspection {
    /// Starts with the URL of the introspection endpoint: `https`, or `http` on a loopback host.
    pub fn builder(endpoint: impl Into<String>) -> IntrospectionBuilder {
        IntrospectionBuilder::new(Location::Endpoint(endpoint.into()))
    }

    /// Starts with the issuer, whose metadata names the endpoint: `https`, or `http` on a loopback host.
    ///
    /// The metadata is read when a token is first resolved, or by
    /// [`discover_at_start`](Self::discover_at_start): from `/.well-known/oauth-authorization-server`
    /// (RFC 8414 §3) or, if that responds with 4xx, from `/.well-known/openid-configuration` (OpenID
    /// Connect Discovery 1.0 §4). So the authorization server may be down when this server starts. After a
    /// failure, the next request starts another attempt after a delay, which grows from 250 ms to 8 s.
    /// Concurrent requests wait for the same attempt. Until an attempt succeeds, requests get a 503 with
    /// `Retry-After`.
    ///
    /// After 10 minutes, the next request reads the metadata again in the background, so that an endpoint that moves is
    /// followed. If that fails, or the metadata is that of another issuer, the last endpoint stays in use.
    ///
    /// The metadata must be that of exactly this issuer, and must have an `introspection_endpoint`. Until
    /// then no token is sent.
    pub fn from_issuer(issuer: impl Into<String>) -> IntrospectionBuilder {
        IntrospectionBuilder::new(Location::Issuer(issuer.into()))
    }

    /// Reads the metadata of an issuer now, and starts with the endpoint that it names.
    ///
    /// It reads the same documents as [`from_issuer`](Self::from_issuer), each within 5 s, and fails if the
    /// authorization server is down. The issuer is `https`, or `http` on a loopback host.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// let introspection = requires_auth::Introspection::discover("https://auth.example")
    ///     .await?
    ///     .client_secret_basic("journal", "the client's secret")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`SetupError::Discovery`] if no metadata can be read, if it is not that of exactly this issuer, or if
    /// it has no `introspection_endpoint`; [`SetupError::Url`] if the issuer is not such a URL.
    pub async fn discover(issuer: &str) -> Result<IntrospectionBuilder, SetupError> {
        let connection = ConnectionSettings::UNSET.check()?;
        let url = connection.parse_url(issuer).map_err(SetupError::url(ISSUER))?;
        let member = MetadataMember::IntrospectionEndpoint;
        let endpoint = metadata::endpoint(&connection, issuer, &url, member).await?;
        let builder = Self::builder(endpoint);
        #[cfg(feature = "jwt")]
        let builder = builder.discovered_from(issuer);
        Ok(builder)
    }
}

impl IntrospectionBuilder {
    fn new(location: Location) -> Self {
        Self {
            location,
            connection: ConnectionSettings::UNSET,
            authentication: SingleValue::UNSET,
            client_identity: SingleValue::UNSET,
            scope_claims: SingleValue::UNSET,
            max_response_length: SingleValue::UNSET,
            max_in_flight: SingleValue::UNSET,
            max_retry_after: SingleValue::UNSET,
            retry: true,
            circuit_breaker: true,
            circuit_breaker_failures: SingleValue::UNSET,
            circuit_breaker_probe_interval: SingleValue::UNSET,
            #[cfg(feature = "jwt")]
            signed_response: signed_response::Settings::UNSET,
        }
    }

    /// Authenticates the client with `client_secret_basic`: the client id and secret in the `Authorization`
    /// header, each form-encoded (RFC 6749 §2.3.1). Most servers require this. Default: no client
    /// authentication.
    pub fn client_secret_basic(
        self,
        id: impl Into<String>,
        secret: impl Into<SecretSource>,
    ) -> Self {
        let secret = secret.into();
        self.client_authentication(ClientAuthentication::Basic { id: id.into(), secret })
    }

    /// Authenticates the client with `client_secret_post`: the client id and secret in the form (RFC 6749
    /// §2.3.1). Default: no client authentication.
    pub fn client_secret_post(
        self,
        id: impl Into<String>,
        secret: impl Into<SecretSource>,
    ) -> Self {
        let secret = secret.into();
        self.client_authentication(ClientAuthentication::Post { id: id.into(), secret })
    }

    /// Authenticates the client with a bearer token that is fixed or in a file (RFC 6750 §2.1). Default: no client
    /// authentication.
    pub fn bearer_token(self, token: impl Into<SecretSource>) -> Self {
        self.client_authentication(ClientAuthentication::bearer(token))
    }

    /// Authenticates the client with a bearer token of a source that refreshes it (RFC 6750 §2.1).
    /// Default: no client authentication.
    pub fn bearer_source(self, source: impl TokenSource) -> Self {
        self.client_authentication(ClientAuthentication::bearer_source(source))
    }

    /// Sets how this server authenticates itself to the authorization server (RFC 7662 §2.1).
    /// Default: [`ClientAuthentication::None`].
    pub fn client_authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication.set_once(authentication);
        self
    }

    /// Names the client that this server is at the authorization server. The name is part of cache keys
    /// and no secret.
    ///
    /// An authorization server may respond to each client differently (RFC 7662 §2.2), so only instances
    /// that are the same client share entries of a cache and receive each other's
    /// [invalidations](crate::Cached::invalidate). Set it for clients with a
    /// [bearer source](Self::bearer_source) or a bearer token in a file, and where a fixed secret is replaced while
    /// some instances still run with the old one.
    ///
    /// Default: instances with the same client id and the same fixed secret, with the same client id and a secret
    /// in a file, or with the same fixed bearer token, are the same client. Each instance with a bearer source or
    /// a bearer token in a file is a client of its own.
    pub fn client_identity(mut self, identity: impl Into<String>) -> Self {
        self.client_identity.set(identity.into());
        self
    }

    /// Sets the members of the response that contain the scopes: see [`ScopeClaim`]. Default: `scope`
    /// (RFC 7662 §2.2), a string.
    pub fn scope_claims(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.scope_claims.set(claims.into_iter().collect());
        self
    }

    /// Limits the duration of connecting, which must be more than 0. Default: 2 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connection.connect_timeout.set(timeout);
        self
    }

    /// Limits the duration of an introspection request from connecting to the last byte of the response,
    /// with the retry. It must be more than 0. Default: 5 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.connection.request_timeout.set(timeout);
        self
    }

    /// Sets the trust anchors, in PEM (RFC 7468 §5): certificates, at least one, of which one must have issued the
    /// certificate of the authorization server, directly or through others (RFC 8446 §4.4.2). They replace those
    /// of the platform. Default: the trust anchors of the platform.
    pub fn trust_anchors(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.connection.trust_anchors.set(Source::Text(pem.into()));
        self
    }

    /// Sets the file with the [trust anchors](Self::trust_anchors). [`build`](Self::build) reads it, and requests
    /// read it again, at most every 10 s: new content is used without a restart. While it cannot be used, the last
    /// content stays in use, and a line is logged. Default: the trust anchors of the platform.
    pub fn trust_anchors_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.connection.trust_anchors.set(Source::File(path.into()));
        self
    }

    /// Limits the length of a response, in bytes, and so the memory that a server can make this one use. It
    /// must be more than 0. A response with a content coding is invalid, since none is accepted.
    /// Default: 65 536.
    pub fn max_response_length(mut self, bytes: usize) -> Self {
        self.max_response_length.set(bytes);
        self
    }

    /// Limits the number of introspection requests in flight, which must be at least 1. A request beyond the
    /// limit gets a 503 at once. Default: 256.
    ///
    /// When the limit is reached, slow requests may be at most a quarter of those in flight, so that tokens
    /// with a slow response do not block others: a new request preempts a slow one beyond that, which gets a
    /// 503. A request is slow after four times the duration that requests usually take, but not before 20
    /// ms, and after a quarter of the [timeout](Self::request_timeout) at the latest. Before the first
    /// response, it is slow after three quarters of the timeout.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight.set(requests);
        self
    }

    /// Limits the `Retry-After` of the authorization server (RFC 9110 §10.2.3) that is honoured and sent to
    /// callers. Default: 60 s.
    ///
    /// A `Retry-After` delays further requests about the same token. It delays requests about all tokens if
    /// the response to a control request, which is sent before the next introspection request, has a
    /// `Retry-After` as well: a limit on the requests of one caller must not affect others. Without
    /// `Retry-After`, `X-Retry-After` is read.
    pub fn max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after.set(delay);
        self
    }

    /// Disables the retry after a broken connection and after 502, 503 and 504. Default: one retry, after 50
    /// to 100 ms and within the [timeout](Self::request_timeout).
    pub fn without_retry(mut self) -> Self {
        self.retry = false;
        self
    }

    /// Allows plain `http` for the endpoint and the issuer on other hosts than loopback ones. Tokens and
    /// credentials can then be read, and responses forged, on the network. Proxies of the environment are not
    /// used for plain `http`. Default: not allowed.
    pub fn dangerously_allow_http(mut self) -> Self {
        self.connection.http = Http::Anywhere;
        self
    }

    /// Sets the clock of `Retry-After`, the circuit breaker, the concurrency limit and the delays of
    /// discovery. Timeouts do not use it. Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.connection.clock.set_once(Arc::new(clock));
        self
    }
}

impl fmt::Debug for IntrospectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only the host, since the URL may have user-info before it is checked.
        let (Location::Endpoint(url) | Location::Issuer(url)) = &self.location;
        let host = Url::parse(url).ok().and_then(|url| url.host().map(|it| it.to_string()));
        f.debug_struct("IntrospectionBuilder")
            .field("host", &host)
            .field("authentication", &self.authentication.first())
            .finish_non_exhaustive()
    }
}
