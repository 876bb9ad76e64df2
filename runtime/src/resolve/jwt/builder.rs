//! The builder of the verifier of JWTs.

mod build;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::claim_rules::OptionalClaim;
use super::media_type::AcceptedTypes;
use super::verifier::JwtVerifier;
use crate::jose::SigningAlgorithm;
use crate::loaded::Source;
use crate::resolve::authorization_server::connection::ConnectionSettings;
use crate::resource_server::SingleValue;
use crate::secure_url::Http;
use crate::{Clock, Provider, ScopeClaim};

/// The settings of a [`JwtVerifier`]. Made by [`JwtVerifier::from_issuer`].
///
/// Each method sets its setting once: a second, different value is an error of [`build`](Self::build).
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
    jwks_uri: SingleValue<String>,
    connection: ConnectionSettings,
    algorithms: SingleValue<Vec<SigningAlgorithm>>,
    types: AcceptedTypes,
    optional_claims: SingleValue<Vec<OptionalClaim>>,
    scope_claims: SingleValue<Vec<ScopeClaim>>,
    client_id_claims: SingleValue<Vec<String>>,
    provider: SingleValue<Provider>,
    leeway: SingleValue<Duration>,
    max_response_length: SingleValue<usize>,
    refresh_interval: SingleValue<Duration>,
    max_key_set_age: SingleValue<Duration>,
    unknown_key_cooldown: SingleValue<Duration>,
}

impl JwtVerifier {
    /// Starts with the issuer, whose metadata names the key set: `https`, or `http` on a loopback host. `iss` of a
    /// token must be exactly this text.
    ///
    /// The metadata is read when the first token is verified, or by
    /// [`discover_at_start`](Self::discover_at_start): from `/.well-known/oauth-authorization-server`
    /// (RFC 8414 §3) or, if that responds with 4xx or has no `jwks_uri`, from
    /// `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4). It must be that of exactly this issuer.
    /// It is read again with the key set, but not within 10 minutes, so that a key set that moves is followed.
    pub fn from_issuer(issuer: impl Into<String>) -> JwtVerifierBuilder {
        JwtVerifierBuilder {
            issuer: issuer.into(),
            jwks_uri: SingleValue::UNSET,
            connection: ConnectionSettings::UNSET,
            algorithms: SingleValue::UNSET,
            types: AcceptedTypes::AccessToken,
            optional_claims: SingleValue::UNSET,
            scope_claims: SingleValue::UNSET,
            client_id_claims: SingleValue::UNSET,
            provider: SingleValue::UNSET,
            leeway: SingleValue::UNSET,
            max_response_length: SingleValue::UNSET,
            refresh_interval: SingleValue::UNSET,
            max_key_set_age: SingleValue::UNSET,
            unknown_key_cooldown: SingleValue::UNSET,
        }
    }
}

impl JwtVerifierBuilder {
    /// The URL of the key set (`jwks_uri`, RFC 8414 §2): `https`, or `http` on a loopback host. Default: that of
    /// the issuer's metadata, which is not read if this is set.
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.jwks_uri.set(url.into());
        self
    }

    /// The algorithms that tokens may be signed with. Default: RS256, PS256, ES256 and EdDSA.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = SigningAlgorithm>) -> Self {
        self.algorithms.set(algorithms.into_iter().collect());
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
        self.optional_claims.set(claims.into_iter().collect());
        self
    }

    /// Sets the claims that contain the scopes: see [`ScopeClaim`]. Default: `scope`
    /// (RFC 9068 §2.2.3), a string.
    pub fn scope_claims(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.scope_claims.set(claims.into_iter().collect());
        self
    }

    /// The claims that name the client; of several, the first one that is there, as in
    /// [`ClaimsReader`](crate::ClaimsReader::client_id_claims). Default: `client_id`.
    pub fn client_id_claims<S: Into<String>>(
        mut self,
        claims: impl IntoIterator<Item = S>,
    ) -> Self {
        self.client_id_claims.set(claims.into_iter().map(Into::into).collect());
        self
    }

    /// The authorization server, which decides the defaults of [`scope_claims`](Self::scope_claims),
    /// [`client_id_claims`](Self::client_id_claims) and [`optional_claims`](Self::optional_claims), and sets
    /// [`accept_generic_type`](Self::accept_generic_type): see [`Provider`]. Default: none, and the defaults are those
    /// of RFC 9068.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider.set(provider);
        self
    }

    /// How much the clocks of the issuer and of this server may differ when `exp` and `nbf` are checked.
    /// Default: 30 s; at most 300 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway.set(leeway);
        self
    }

    /// Limits the duration of connecting, which must be more than 0. Default: 2 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connection.connect_timeout.set(timeout);
        self
    }

    /// Limits the duration of discovery and of fetching the key set, which must be more than 0. Default: 5 s.
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

    /// Limits the length of the key set, in bytes, which must be more than 0. Of a key set, the first 100 usable keys
    /// are used. Default: 262 144.
    pub fn max_response_length(mut self, bytes: usize) -> Self {
        self.max_response_length.set(bytes);
        self
    }

    /// How old the key set may be before the next token fetches it again in the background, and is itself verified
    /// with the old one. If the key set is twice as old, because there were no tokens, the token waits for the fetch.
    /// So a key that was removed from the key set is used for twice this long and the
    /// [`ttl`](crate::CachedBuilder::ttl) of the cache at most, unless the key set
    /// [cannot be fetched](Self::max_key_set_age). Default: 10 minutes.
    pub fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval.set(interval);
        self
    }

    /// How old the key set may be while it cannot be fetched. Tokens get a 503 after that. At least the
    /// [refresh interval](Self::refresh_interval). Default: 24 hours.
    pub fn max_key_set_age(mut self, age: Duration) -> Self {
        self.max_key_set_age.set(age);
        self
    }

    /// How long a token with an unknown key id does not fetch the key set again after another one did: anybody can
    /// make up key ids. It also applies to a token without a key id whose signature is wrong. After a failed fetch, the
    /// delay until the next one applies instead. Default: 30 s; at least 1 second and at most one hour.
    pub fn unknown_key_cooldown(mut self, cooldown: Duration) -> Self {
        self.unknown_key_cooldown.set(cooldown);
        self
    }

    /// Allows plain `http` for the issuer and the key set on other hosts than loopback ones. Keys can then be
    /// replaced on the network, and tokens forged. Default: not allowed.
    pub fn dangerously_allow_http(mut self) -> Self {
        self.connection.http = Http::Anywhere;
        self
    }

    /// Sets the clock of the age of the key set and of the delays between fetches. Timeouts do not use it.
    /// Default: [`SystemClock`](crate::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.connection.clock.set_once(Arc::new(clock));
        self
    }
}

impl fmt::Debug for JwtVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifierBuilder")
            .field("algorithms", &self.algorithms.first())
            .field("optional_claims", &self.optional_claims.first())
            .finish_non_exhaustive()
    }
}
