//! Setting up the introspection client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use super::circuit_breaker::{self, CircuitBreaker};
use super::concurrency_limit::ConcurrencyLimit;
use super::control_request::ControlRequests;
use super::endpoint::{self, Discovery, Endpoint, EndpointSource};
use super::metadata::ISSUER;
use super::request::RequestSender;
use super::retry_after_gate::RetryAfterGate;
use super::{ClientAuthentication, Inner, Introspection, TokenSource};
use crate::secure_url::{self, Http};
use crate::{ClaimsReader, Clock, ScopeClaim, SetupError, SystemClock};

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const MAX_RESPONSE_LENGTH: usize = 64 * 1024;
const MAX_IN_FLIGHT: usize = 256;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

pub(crate) const ENDPOINT: &str = "setting `introspection_url` (REQUIRES_AUTH_INTROSPECTION_URL)";

/// Settings of an [`Introspection`] client; started by [`Introspection::builder`],
/// [`Introspection::from_issuer`] or [`Introspection::discover`].
#[must_use]
pub struct IntrospectionBuilder {
    location: Location,
    http: Http,
    authentication: ClientAuthentication,
    client_identity: Option<String>,
    reader: ClaimsReader,
    connect_timeout: Duration,
    request_timeout: Duration,
    max_response_length: usize,
    max_in_flight: usize,
    max_retry_after: Duration,
    retry: bool,
    circuit_breaker: Option<circuit_breaker::Settings>,
    clock: Arc<dyn Clock>,
}

/// Where the endpoint is, as it was given.
enum Location {
    Endpoint(String),
    Issuer(String),
}

impl Introspection {
    /// Starts with the URL of the introspection endpoint: `https`, or `http` on this machine.
    pub fn builder(endpoint: impl Into<String>) -> IntrospectionBuilder {
        IntrospectionBuilder::new(Location::Endpoint(endpoint.into()))
    }

    /// Starts with the issuer, whose metadata names the endpoint: `https`, or `http` on this machine.
    ///
    /// The metadata is read when a token is first resolved, or by
    /// [`discover_at_start`](Self::discover_at_start): from `/.well-known/oauth-authorization-server`
    /// (RFC 8414 §3) or, where that is not found, from `/.well-known/openid-configuration`. So the
    /// authorization server may be down when this server starts. After a failure, another attempt
    /// follows when a request needs it, 250 ms to 8 s after the last one: one for all requests, which
    /// ends when the client is dropped. Until one succeeds, requests are answered 503 with
    /// `Retry-After`.
    ///
    /// The document must be that of exactly this issuer, and name an `introspection_endpoint`; until
    /// then no token is sent anywhere.
    pub fn from_issuer(issuer: impl Into<String>) -> IntrospectionBuilder {
        IntrospectionBuilder::new(Location::Issuer(issuer.into()))
    }
}

impl IntrospectionBuilder {
    fn new(location: Location) -> Self {
        Self {
            location,
            http: Http::LoopbackOnly,
            authentication: ClientAuthentication::None,
            client_identity: None,
            reader: ClaimsReader::default(),
            connect_timeout: CONNECT_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            max_response_length: MAX_RESPONSE_LENGTH,
            max_in_flight: MAX_IN_FLIGHT,
            max_retry_after: MAX_RETRY_AFTER,
            retry: true,
            circuit_breaker: Some(circuit_breaker::Settings::default()),
            clock: Arc::new(SystemClock),
        }
    }

    /// Authenticates with id and secret in the `Authorization` header, each form-encoded first as
    /// RFC 6749 §2.3.1 demands: what most servers expect. Default: no client authentication.
    pub fn client_secret_basic(
        self,
        id: impl Into<String>,
        secret: impl Into<SecretString>,
    ) -> Self {
        let secret = secret.into();
        self.client_authentication(ClientAuthentication::Basic { id: id.into(), secret })
    }

    /// Authenticates with id and secret in the form. Default: no client authentication.
    pub fn client_secret_post(
        self,
        id: impl Into<String>,
        secret: impl Into<SecretString>,
    ) -> Self {
        let secret = secret.into();
        self.client_authentication(ClientAuthentication::Post { id: id.into(), secret })
    }

    /// Authenticates with a fixed bearer token. Default: no client authentication.
    pub fn bearer_token(self, token: impl Into<SecretString>) -> Self {
        self.client_authentication(ClientAuthentication::bearer(token))
    }

    /// Authenticates with a bearer token that is refreshed. Default: no client authentication.
    pub fn bearer_source(self, source: impl TokenSource) -> Self {
        self.client_authentication(ClientAuthentication::bearer_source(source))
    }

    /// How this server authenticates itself. Default: [`ClientAuthentication::None`].
    pub fn client_authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Names the client that this server is to the authorization server, for remembered claims: an
    /// authorization server may answer each client differently (RFC 7662 §2.2), so only instances that
    /// are the same client share entries of a cache and reach each other by
    /// [`invalidate`](crate::Cached::invalidate). It is no secret.
    ///
    /// Default: instances are the same client if they have the same client id and secret, or the same
    /// fixed bearer token; with a [bearer source](Self::bearer_source), none are. Set it there, and where
    /// a secret is replaced while instances run with the old one.
    pub fn client_identity(mut self, identity: impl Into<String>) -> Self {
        self.client_identity = Some(identity.into());
        self
    }

    /// Where the scopes are in the answer. Default: `scope`, one string separated by spaces.
    pub fn scope_claims(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.reader = self.reader.scope_claims(claims);
        self
    }

    /// How long connecting may take. Default: 2 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a whole exchange may take: connecting, asking, the last byte of the answer, and
    /// the retry if there is one. Default: 5 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// The longest answer that is read, in bytes. Compression is not asked for and an encoded
    /// answer is refused, so this is what a server can make us hold. Default: 65 536.
    pub fn max_response_length(mut self, bytes: usize) -> Self {
        self.max_response_length = bytes;
        self
    }

    /// How many exchanges may be in flight at once; past it a request is answered 503 at once.
    /// Default: 256.
    ///
    /// When all places are taken, slow exchanges hold no more than a quarter of them, so that tokens that
    /// the server answers late do not keep others away: one beyond that ends with a 503, and the new
    /// exchange takes its place. An exchange is slow after a quarter of the [timeout](Self::request_timeout) if
    /// a later one has been answered, and otherwise after three quarters of it.
    pub fn max_in_flight(mut self, exchanges: usize) -> Self {
        self.max_in_flight = exchanges;
        self
    }

    /// The longest `Retry-After` of the authorization server that is honoured and passed on.
    /// Default: 60 s.
    ///
    /// It is honoured for the token that the server answered so to. It is honoured for all tokens if a
    /// control request before the next exchange is answered in the same way: a limit on one caller's
    /// requests concerns nobody else. `X-Retry-After` counts where there is no `Retry-After`.
    pub fn max_retry_after(mut self, pause: Duration) -> Self {
        self.max_retry_after = pause;
        self
    }

    /// Does not try again after a broken connection, a 502, 503 or 504. Default: once, after 50
    /// to 100 ms and inside the deadline.
    pub fn without_retry(mut self) -> Self {
        self.retry = false;
        self
    }

    /// How many exchanges in a row must fail for the circuit breaker to open: then requests are
    /// answered 503 at once, but for a probe. Default: 5.
    ///
    /// The last of them is a control request: an introspection of a random token, which is sent before
    /// the next caller's exchange when all others have failed. So nobody can open the circuit breaker
    /// with tokens of their own, whatever the server answers to those. If the random token fails as well,
    /// up to three tokens that were active a moment ago are tried, since some servers answer 5xx to every
    /// token that they did not issue. A control request is sent for four failures at the most, and takes
    /// the place of a caller's exchange under [`max_in_flight`](Self::max_in_flight).
    ///
    /// Before any token has been active in this process, an authorization server that answers 5xx to every
    /// token that it did not issue cannot be told from one that is down: such tokens then open the circuit
    /// breaker, until a probe with a good token closes it.
    ///
    /// A failure is no answer in time, a broken connection, a status other than 200 and 4xx, or a 200
    /// that does not begin like a JSON object. A token that is not active, refused credentials, and an
    /// answer that only this token can have, are none: the server is there.
    ///
    /// With 1, each failed exchange is followed by a control request.
    pub fn circuit_breaker_failures(mut self, failures: u32) -> Self {
        self.circuit_breaker.get_or_insert_default().failures = failures;
        self
    }

    /// How often an open circuit breaker lets one request through as a probe, without a retry: in turn a
    /// caller's exchange and a control request. The first answer closes it. Default: every 500 ms; at
    /// most every 60 s.
    ///
    /// After that, two exchanges may be in flight at first, and twice as many after each round trip or
    /// 100 ms, until all are let through; the others are answered 503 with `Retry-After: 1`.
    pub fn circuit_breaker_probe_interval(mut self, interval: Duration) -> Self {
        self.circuit_breaker.get_or_insert_default().probe_interval = interval;
        self
    }

    /// Disables the circuit breaker. Default: enabled.
    pub fn without_circuit_breaker(mut self) -> Self {
        self.circuit_breaker = None;
        self
    }

    /// Lets the endpoint, and the issuer, be plain `http` on another machine. Default: they must not.
    /// Tokens and credentials can then be read, and answers forged, on the way. Proxies of the
    /// environment are not used for it.
    pub fn dangerously_allow_http(mut self) -> Self {
        self.http = Http::Anywhere;
        self
    }

    /// The clock for `Retry-After`, the circuit breaker and the bound in flight. Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`SetupError`] says which setting is wrong.
    pub fn build(self) -> Result<Introspection, SetupError> {
        if self.max_in_flight == 0 || self.max_in_flight > Semaphore::MAX_PERMITS {
            return Err(SetupError::Setting("`max_in_flight` must be at least 1"));
        }
        if self.request_timeout.is_zero()
            || self.connect_timeout.is_zero()
            || self.max_response_length == 0
        {
            return Err(SetupError::Setting(
                "`deadline`, `connect_timeout` and `max_response_length` must be more than 0",
            ));
        }
        if let Some(breaker) = &self.circuit_breaker {
            breaker.validate()?;
        }
        let endpoint = match self.location {
            Location::Endpoint(url) => {
                let url = secure_url::parse(&url, self.http).map_err(SetupError::url(ENDPOINT))?;
                EndpointSource::Configured(Endpoint::new(url, self.http, self.connect_timeout)?)
            }
            Location::Issuer(issuer) => {
                let url = secure_url::parse(&issuer, self.http).map_err(SetupError::url(ISSUER))?;
                let settings = endpoint::Settings {
                    http: self.http,
                    connect_timeout: self.connect_timeout,
                    request_timeout: self.request_timeout,
                    max_in_flight: self.max_in_flight,
                    clock: Arc::clone(&self.clock),
                };
                EndpointSource::Discovered(Box::new(Discovery::new(issuer, url, settings)))
            }
        };
        let requests = Arc::new(RequestSender {
            endpoint,
            authentication: self.authentication,
            client_identity: self.client_identity,
            reader: self.reader,
            max_response_length: self.max_response_length,
            max_retry_after: self.max_retry_after,
            clock: Arc::clone(&self.clock),
        });
        let clock = || Arc::clone(&self.clock);
        Ok(Introspection(Arc::new(Inner {
            request_timeout: self.request_timeout,
            retry: self.retry,
            concurrency_limit: ConcurrencyLimit::new(
                self.max_in_flight,
                self.request_timeout,
                clock(),
            ),
            circuit_breaker: CircuitBreaker::new(self.circuit_breaker, self.max_in_flight, clock()),
            retry_after_gate: RetryAfterGate::new(clock()),
            control_requests: ControlRequests::new(
                Arc::clone(&requests),
                self.request_timeout,
                clock(),
            ),
            requests,
        })))
    }
}

impl fmt::Debug for IntrospectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The endpoint may still have user-info.
        let (Location::Endpoint(location) | Location::Issuer(location)) = &self.location;
        let host = Url::parse(location).ok().and_then(|url| url.host().map(|it| it.to_string()));
        f.debug_struct("IntrospectionBuilder")
            .field("host", &host)
            .field("authentication", &self.authentication)
            .finish_non_exhaustive()
    }
}
