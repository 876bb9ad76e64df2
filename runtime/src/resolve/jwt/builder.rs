//! The builder of the verifier of JWTs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::claim_rules::{ClaimRules, OptionalClaim};
use super::key_set_source::{self, KeySetSource};
use super::media_type::AcceptedTypes;
use super::verifier::JwtVerifier;
use crate::jose::SigningAlgorithm;
use crate::resolve::authorization_server::defaults::{CONNECT_TIMEOUT, REQUEST_TIMEOUT};
use crate::resolve::authorization_server::discovery::{self, Discovery};
use crate::resolve::authorization_server::endpoint::Endpoint;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::metadata_member::MetadataMember;
use crate::secure_url::{self, Http};
use crate::{ClaimsReader, Clock, ScopeClaim, SettingName, SetupError, SystemClock};

/// The default of `algorithms`.
const ALGORITHMS: [SigningAlgorithm; 4] = [
    SigningAlgorithm::Rs256,
    SigningAlgorithm::Ps256,
    SigningAlgorithm::Es256,
    SigningAlgorithm::EdDsa,
];
const LEEWAY: Duration = Duration::from_secs(30);
const MAX_LEEWAY: Duration = Duration::from_secs(300);
const MAX_RESPONSE_LENGTH: usize = 256 * 1024;
const REFRESH_INTERVAL: Duration = Duration::from_secs(10 * 60);
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);
const UNKNOWN_KEY_COOLDOWN: Duration = Duration::from_secs(30);
const MAX_WAITING_FOR_DISCOVERY: usize = 1024;

const ISSUER_SETTING: SettingName = SettingName::of_both("issuer");
const JWKS_URI_SETTING: SettingName = SettingName::of_both("jwks_uri");
const ALGORITHMS_SETTING: SettingName = SettingName::of_both("algorithms");
const LEEWAY_SETTING: SettingName = SettingName::of_builder("leeway");
const CONNECT_TIMEOUT_SETTING: SettingName = SettingName::of_builder("connect_timeout");
const REQUEST_TIMEOUT_SETTING: SettingName = SettingName::of_builder("request_timeout");
const MAX_RESPONSE_LENGTH_SETTING: SettingName = SettingName::of_builder("max_response_length");
const REFRESH_INTERVAL_SETTING: SettingName = SettingName::of_builder("refresh_interval");
const MAX_KEY_SET_AGE_SETTING: SettingName = SettingName::of_builder("max_key_set_age");

/// The settings of a [`JwtVerifier`]. Made by [`JwtVerifier::from_issuer`].
///
/// ```
/// use requires_auth::{JwtVerifier, OptionalClaim, SigningAlgorithm};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let verifier = JwtVerifier::from_issuer("https://auth.example")
///     .algorithms([SigningAlgorithm::Es256])
///     // The authorization server sends `typ: JWT` and no `client_id`.
///     .accept_generic_type()
///     .optional_claims([OptionalClaim::ClientId])
///     .build()?;
/// # Ok(()) }
/// # main().unwrap();
/// ```
#[must_use]
pub struct JwtVerifierBuilder {
    issuer: String,
    jwks_uri: Option<String>,
    http: Http,
    algorithms: Vec<SigningAlgorithm>,
    types: AcceptedTypes,
    optional: Vec<OptionalClaim>,
    reader: ClaimsReader,
    leeway: Duration,
    connect_timeout: Duration,
    request_timeout: Duration,
    max_response_length: usize,
    refresh_interval: Duration,
    max_age: Duration,
    unknown_key_cooldown: Duration,
    clock: Arc<dyn Clock>,
}

impl JwtVerifier {
    /// Starts with the issuer, whose metadata names the key set: `https`, or `http` on a loopback host. `iss` of a
    /// token must be exactly this text.
    ///
    /// The metadata is read when the first token is verified, or by
    /// [`discover_at_start`](Self::discover_at_start): from `/.well-known/oauth-authorization-server`
    /// (RFC 8414 §3) or, if that responds with 4xx or has no `jwks_uri`, from
    /// `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4). It must be that of exactly this issuer.
    pub fn from_issuer(issuer: impl Into<String>) -> JwtVerifierBuilder {
        JwtVerifierBuilder {
            issuer: issuer.into(),
            jwks_uri: None,
            http: Http::LoopbackOnly,
            algorithms: ALGORITHMS.to_vec(),
            types: AcceptedTypes::AccessToken,
            optional: Vec::new(),
            reader: ClaimsReader::default(),
            leeway: LEEWAY,
            connect_timeout: CONNECT_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            max_response_length: MAX_RESPONSE_LENGTH,
            refresh_interval: REFRESH_INTERVAL,
            max_age: MAX_AGE,
            unknown_key_cooldown: UNKNOWN_KEY_COOLDOWN,
            clock: Arc::new(SystemClock),
        }
    }
}

impl JwtVerifierBuilder {
    /// The URL of the key set (`jwks_uri`, RFC 8414 §2): `https`, or `http` on a loopback host. Default: that of
    /// the issuer's metadata, which is not read if this is set.
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.jwks_uri = Some(url.into());
        self
    }

    /// The algorithms that tokens may be signed with. Default: RS256, PS256, ES256 and EdDSA.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = SigningAlgorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Accepts tokens whose `typ` is `JWT`, or that have none. Many authorization servers omit the type of
    /// RFC 9068 §2.1: Auth0 with its own token profile, Entra ID, Keycloak, Okta, Cognito. An ID token has the
    /// same type, so that only its audience and its claims distinguish it: do not combine this with
    /// [`AudienceCheck::Unchecked`](crate::AudienceCheck::Unchecked). Default: `typ` must be `at+jwt`.
    pub fn accept_generic_type(mut self) -> Self {
        self.types = AcceptedTypes::Generic;
        self
    }

    /// The claims that a token may lack though RFC 9068 §2.2 requires them. Default: none.
    pub fn optional_claims(mut self, claims: impl IntoIterator<Item = OptionalClaim>) -> Self {
        self.optional = claims.into_iter().collect();
        self
    }

    /// Sets the claims that contain the scopes. Default: `scope`, a string with scopes separated by spaces
    /// (RFC 9068 §2.2.3).
    pub fn scope_claims(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.reader = self.reader.scope_claims(claims);
        self
    }

    /// How much the clocks of the issuer and of this server may differ when `exp` and `nbf` are checked.
    /// Default: 30 s; at most 300 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Limits the duration of connecting, which must be more than 0. Default: 2 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Limits the duration of discovery and of fetching the key set, which must be more than 0. Default: 5 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Limits the length of the key set, in bytes, which must be more than 0. Of a key set, the first 100 usable keys
    /// are used. Default: 262 144.
    pub fn max_response_length(mut self, bytes: usize) -> Self {
        self.max_response_length = bytes;
        self
    }

    /// How old the key set may be before the next token fetches it again in the background, and is itself verified
    /// with the old one. A key that was removed from the key set is used for this long and the
    /// [`ttl`](crate::CachedBuilder::ttl) of the cache at most. Default: 10 minutes.
    pub fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval;
        self
    }

    /// How old the key set may be while it cannot be fetched. Tokens get a 503 after that. At least the
    /// [refresh interval](Self::refresh_interval). Default: 24 hours.
    pub fn max_key_set_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// How long a token with an unknown key id does not fetch the key set again after another one did: anybody can
    /// make up key ids. Default: 30 s.
    pub fn unknown_key_cooldown(mut self, cooldown: Duration) -> Self {
        self.unknown_key_cooldown = cooldown;
        self
    }

    /// Allows plain `http` for the issuer and the key set on other hosts than loopback ones. Keys can then be
    /// replaced on the network, and tokens forged. Default: not allowed.
    pub fn dangerously_allow_http(mut self) -> Self {
        self.http = Http::Anywhere;
        self
    }

    /// Sets the clock of the age of the key set and of the delays between fetches. Timeouts do not use it.
    /// Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    /// [`SetupError::Url`] if the issuer or the URL of the key set is not acceptable, [`SetupError::Invalid`] if
    /// another setting is out of range, [`SetupError::HttpClient`] if no HTTP client can be made.
    pub fn build(self) -> Result<JwtVerifier, SetupError> {
        self.validate()?;
        let endpoint = self.endpoint_source()?;
        let settings = key_set_source::Settings {
            issuer: self.issuer.clone(),
            algorithms: self.algorithms.clone(),
            request_timeout: self.request_timeout,
            max_response_length: self.max_response_length,
            refresh_interval: self.refresh_interval,
            max_age: self.max_age,
            unknown_key_cooldown: self.unknown_key_cooldown,
            clock: self.clock,
        };
        Ok(JwtVerifier {
            algorithms: self.algorithms,
            types: self.types,
            reader: self.reader.leeway(self.leeway),
            rules: ClaimRules { issuer: self.issuer, optional: self.optional },
            keys: KeySetSource::new(endpoint, settings),
        })
    }

    fn validate(&self) -> Result<(), SetupError> {
        if self.algorithms.is_empty() {
            return Err(SetupError::invalid(ALGORITHMS_SETTING, "at least one algorithm", 0));
        }
        let durations = [
            (CONNECT_TIMEOUT_SETTING, self.connect_timeout),
            (REQUEST_TIMEOUT_SETTING, self.request_timeout),
            (REFRESH_INTERVAL_SETTING, self.refresh_interval),
        ];
        if let Some((setting, _)) = durations.into_iter().find(|(_, it)| it.is_zero()) {
            return Err(SetupError::invalid(setting, "more than 0", "0 s"));
        }
        if self.leeway > MAX_LEEWAY {
            let found = format!("{:?}", self.leeway);
            return Err(SetupError::invalid(LEEWAY_SETTING, "at most 300 s", found));
        }
        if self.max_age < self.refresh_interval {
            let found = format!("{:?}", self.max_age);
            let expected = "at least the `refresh_interval`";
            return Err(SetupError::invalid(MAX_KEY_SET_AGE_SETTING, expected, found));
        }
        if self.max_response_length == 0 {
            return Err(SetupError::invalid(MAX_RESPONSE_LENGTH_SETTING, "at least 1", 0));
        }
        Ok(())
    }

    fn endpoint_source(&self) -> Result<EndpointSource, SetupError> {
        let issuer =
            secure_url::parse(&self.issuer, self.http).map_err(SetupError::url(ISSUER_SETTING))?;
        if let Some(url) = &self.jwks_uri {
            let url =
                secure_url::parse(url, self.http).map_err(SetupError::url(JWKS_URI_SETTING))?;
            let endpoint = Endpoint::new(url, self.http, self.connect_timeout)?;
            return Ok(EndpointSource::Configured(endpoint));
        }
        let settings = discovery::Settings {
            http: self.http,
            connect_timeout: self.connect_timeout,
            request_timeout: self.request_timeout,
            max_in_flight: MAX_WAITING_FOR_DISCOVERY,
            clock: Arc::clone(&self.clock),
        };
        let discovery =
            Discovery::new(self.issuer.clone(), issuer, MetadataMember::JwksUri, settings);
        Ok(EndpointSource::Discovered(Box::new(discovery)))
    }
}

impl fmt::Debug for JwtVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifierBuilder")
            .field("algorithms", &self.algorithms)
            .field("optional", &self.optional)
            .finish_non_exhaustive()
    }
}
