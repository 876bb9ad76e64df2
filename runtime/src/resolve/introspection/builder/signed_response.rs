//! The settings of signed introspection responses (RFC 9701).

use std::sync::Arc;

use super::{ISSUER, IntrospectionBuilder};
use crate::jose::SigningAlgorithm;
use crate::resolve::authorization_server::discovery;
use crate::resolve::introspection::signed_response::{SignedResponse, SignedResponseVerifier};
use crate::resolve::jwt::key_set_settings::{self, ALGORITHMS, JWKS_URI};
use crate::resolve::jwt::key_set_source::KeySetSource;
use crate::resource_server::SingleValue;
use crate::{SettingName, SetupError};

const SIGNED_RESPONSE: SettingName = SettingName::of_both("signed_response");
const SIGNED_RESPONSE_AUDIENCE: SettingName = SettingName::of_both("signed_response_audience");

pub(super) struct Settings {
    /// The issuer whose metadata was read before the builder was made.
    discovered_from: Option<String>,
    value: SingleValue<SignedResponse>,
    issuer: SingleValue<String>,
    audience: SingleValue<String>,
    jwks_uri: SingleValue<String>,
    algorithms: SingleValue<Vec<SigningAlgorithm>>,
}

impl IntrospectionBuilder {
    /// Whether responses must be signed (RFC 9701): a signature proves to whom the authorization server has responded,
    /// and what, also where something between the two ends TLS. Default: [`SignedResponse::NotRequested`], also for an
    /// authorization server whose metadata has `introspection_signing_alg_values_supported` (RFC 9701 §7), since that
    /// says that it can sign, and not that it does for this client.
    ///
    /// A response is then the JWT of RFC 9701 §5: its `typ` is `token-introspection+jwt`, its signature is by a key of
    /// the issuer's key set, `iss` is the issuer, `aud` contains this client, and `iat` is at most five minutes from
    /// now. With any other response, also a plain one, requests get a 503. The key set is fetched, refreshed and
    /// bounded as that of a [`JwtVerifier`](crate::JwtVerifier) with its defaults.
    ///
    /// ```
    /// use requires_auth::{Introspection, SignedResponse};
    ///
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// let introspection = Introspection::from_issuer("https://auth.example")
    ///     .client_secret_basic("journal", "the client's secret")
    ///     .signed_response(SignedResponse::Required)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn signed_response(mut self, signed_response: SignedResponse) -> Self {
        self.signed_response.value.set(signed_response);
        self
    }

    /// The issuer that signs responses. Default: that of [`from_issuer`](crate::Introspection::from_issuer) or
    /// [`discover`](crate::Introspection::discover); required beside [`builder`](crate::Introspection::builder). An
    /// error unless signed responses are [required](Self::signed_response).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.signed_response.issuer.set(issuer.into());
        self
    }

    /// What `aud` of a signed response must contain. Default: the client id of the client authentication; required
    /// beside one without an id. An error unless signed responses are [required](Self::signed_response).
    pub fn signed_response_audience(mut self, audience: impl Into<String>) -> Self {
        self.signed_response.audience.set(audience.into());
        self
    }

    /// The URL of the key set that verifies signed responses: `https`, or `http` on a loopback host. Default: the
    /// `jwks_uri` of the issuer's metadata. An error unless signed responses are [required](Self::signed_response).
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.signed_response.jwks_uri.set(url.into());
        self
    }

    /// The algorithms that responses may be signed with. Default: RS256, PS256, ES256 and EdDSA. An error unless signed
    /// responses are [required](Self::signed_response).
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = SigningAlgorithm>) -> Self {
        self.signed_response.algorithms.set(algorithms.into_iter().collect());
        self
    }

    pub(super) fn discovered_from(mut self, issuer: &str) -> Self {
        self.signed_response.discovered_from = Some(issuer.to_owned());
        self
    }
}

impl Settings {
    pub(super) const UNSET: Self = Self {
        discovered_from: None,
        value: SingleValue::UNSET,
        issuer: SingleValue::UNSET,
        audience: SingleValue::UNSET,
        jwks_uri: SingleValue::UNSET,
        algorithms: SingleValue::UNSET,
    };

    pub(super) fn discovered_from(&self) -> Option<&str> {
        self.discovered_from.as_deref()
    }

    /// Checks the settings; `None` if responses are not signed. `issuer` and `client_id` are the defaults.
    pub(super) fn verifier(
        self,
        issuer: Option<&str>,
        client_id: Option<&str>,
        discovery: discovery::Settings,
    ) -> Result<Option<SignedResponseVerifier>, SetupError> {
        if self.value.get(SIGNED_RESPONSE)?.unwrap_or_default() == SignedResponse::NotRequested {
            let unused = [
                (ISSUER, self.issuer.first().is_some()),
                (SIGNED_RESPONSE_AUDIENCE, self.audience.first().is_some()),
                (JWKS_URI, self.jwks_uri.first().is_some()),
                (ALGORITHMS, self.algorithms.first().is_some()),
            ];
            return match unused.into_iter().find(|(_, is_set)| *is_set) {
                Some((setting, _)) => Err(SetupError::Requires {
                    setting,
                    required: SIGNED_RESPONSE,
                    reason: "only signed introspection responses are verified with it",
                }),
                None => Ok(None),
            };
        }
        let mut own_issuer = self.issuer;
        if let Some(issuer) = issuer.map(str::to_owned).or(self.discovered_from) {
            own_issuer.set(issuer);
        }
        let requires =
            |required, reason| SetupError::Requires { setting: SIGNED_RESPONSE, required, reason };
        let issuer = own_issuer.get(ISSUER)?;
        let issuer =
            issuer.ok_or_else(|| requires(ISSUER, "`iss` of a signed response names it"))?;
        let audience = self.audience.get(SIGNED_RESPONSE_AUDIENCE)?;
        let audience = audience.or_else(|| client_id.map(str::to_owned)).ok_or_else(|| {
            let reason = "`aud` of a signed response names this client, and no client id is set";
            requires(SIGNED_RESPONSE_AUDIENCE, reason)
        })?;
        let algorithms = key_set_settings::algorithms(self.algorithms.get(ALGORITHMS)?)?;
        let settings = key_set_settings::Settings::with_defaults(
            issuer.clone(),
            algorithms.clone(),
            discovery.connection.request_timeout,
            Arc::clone(&discovery.connection.clock),
        );
        let clock = Arc::clone(&discovery.connection.clock);
        let endpoint =
            key_set_settings::endpoint_source(&issuer, self.jwks_uri.get(JWKS_URI)?, discovery)?;
        let keys = KeySetSource::new(endpoint, settings);
        Ok(Some(SignedResponseVerifier { issuer, audience, algorithms, keys, clock }))
    }
}
