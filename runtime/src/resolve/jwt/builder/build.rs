//! Checking the settings, and building the verifier from them.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use super::JwtVerifierBuilder;
use crate::resolve::authorization_server::discovery;
use crate::resolve::jwt::claim_rules::ClaimRules;
use crate::resolve::jwt::key_set_settings::{
    self, ALGORITHMS, DEFAULT_MAX_KEY_SET_AGE, DEFAULT_MAX_RESPONSE_LENGTH,
    DEFAULT_REFRESH_INTERVAL, DEFAULT_UNKNOWN_KEY_COOLDOWN, JWKS_URI,
};
use crate::resolve::jwt::key_set_source::KeySetSource;
use crate::resolve::jwt::media_type::AcceptedTypes;
use crate::resolve::jwt::verifier::JwtVerifier;
use crate::resource_server::SingleValue;
use crate::telemetry::Quoted;
use crate::{ClaimsReader, Provider, SettingName, SetupError};

const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);
const LONGEST_LEEWAY: Duration = Duration::from_secs(300);
/// With less, anybody could cause as many requests for the key set as they like.
const SHORTEST_UNKNOWN_KEY_COOLDOWN: Duration = Duration::from_secs(1);
const LONGEST_UNKNOWN_KEY_COOLDOWN: Duration = Duration::from_secs(3600);
const MAX_WAITING_FOR_DISCOVERY: usize = 1024;

const OPTIONAL_CLAIMS: SettingName = SettingName::of_both("optional_claims");
const SCOPE_CLAIMS: SettingName = SettingName::of_both("scope_claims");
const CLIENT_ID_CLAIMS: SettingName = SettingName::of_both("client_id_claims");
const PROVIDER: SettingName = SettingName::of_both("provider");
const LEEWAY: SettingName = SettingName::of_builder("leeway");
const MAX_RESPONSE_LENGTH: SettingName = SettingName::of_builder("max_response_length");
const REFRESH_INTERVAL: SettingName = SettingName::of_builder("refresh_interval");
const MAX_KEY_SET_AGE: SettingName = SettingName::of_builder("max_key_set_age");
const UNKNOWN_KEY_COOLDOWN: SettingName = SettingName::of_builder("unknown_key_cooldown");

impl JwtVerifierBuilder {
    /// Builds the verifier.
    ///
    /// # Errors
    /// [`SetupError::Url`] if the issuer or the URL of the key set is not acceptable, [`SetupError::SetTwice`] for a
    /// setting with two values, [`SetupError::Invalid`] for one that is out of range, [`SetupError::File`] and
    /// [`SetupError::Content`] for trust anchors that cannot be used, [`SetupError::HttpClient`] if no HTTP client can be
    /// made.
    pub fn build(self) -> Result<JwtVerifier, SetupError> {
        let algorithms = key_set_settings::algorithms(self.algorithms.get(ALGORITHMS)?)?;
        let leeway = self.leeway.get(LEEWAY)?.unwrap_or(DEFAULT_LEEWAY);
        require(leeway <= LONGEST_LEEWAY, LEEWAY, "at most 300 s", leeway)?;
        let connection = self.connection.check()?;
        let request_timeout = connection.request_timeout;
        let clock = Arc::clone(&connection.clock);
        let refresh_interval =
            duration(REFRESH_INTERVAL, self.refresh_interval, DEFAULT_REFRESH_INTERVAL)?;
        let max_age = self.max_key_set_age.get(MAX_KEY_SET_AGE)?;
        let max_age = max_age.unwrap_or(DEFAULT_MAX_KEY_SET_AGE.max(refresh_interval));
        let expected = "at least the `refresh_interval`";
        require(max_age >= refresh_interval, MAX_KEY_SET_AGE, expected, max_age)?;
        let max_response_length = self.max_response_length.get(MAX_RESPONSE_LENGTH)?;
        let max_response_length = max_response_length.unwrap_or(DEFAULT_MAX_RESPONSE_LENGTH);
        require(max_response_length > 0, MAX_RESPONSE_LENGTH, "at least 1", max_response_length)?;
        let cooldown = self.unknown_key_cooldown.get(UNKNOWN_KEY_COOLDOWN)?;
        let cooldown = cooldown.unwrap_or(DEFAULT_UNKNOWN_KEY_COOLDOWN);
        let allowed = SHORTEST_UNKNOWN_KEY_COOLDOWN..=LONGEST_UNKNOWN_KEY_COOLDOWN;
        let within = allowed.contains(&cooldown);
        require(within, UNKNOWN_KEY_COOLDOWN, "1 second to one hour", cooldown)?;
        let provider = self.provider.get(PROVIDER)?;
        let mut reader = ClaimsReader::default().leeway(leeway);
        let scope_claims = self.scope_claims.get(SCOPE_CLAIMS)?;
        if let Some(claims) = scope_claims.or_else(|| provider.map(Provider::scope_claims)) {
            reader = reader.scope_claims(claims);
        }
        let client_id_claims = self.client_id_claims.get(CLIENT_ID_CLAIMS)?;
        if client_id_claims.as_ref().is_some_and(|claims| claims.iter().any(String::is_empty)) {
            let expected = "a list of names that are not empty";
            return Err(SetupError::invalid(CLIENT_ID_CLAIMS, expected, Quoted("")));
        }
        match (client_id_claims, provider) {
            (Some(claims), _) => reader = reader.client_id_claims(claims),
            (None, Some(provider)) => {
                reader = reader.client_id_claims(provider.client_id_claims().iter().copied());
            }
            (None, None) => {}
        }
        let discovery =
            discovery::Settings { connection, max_in_flight: MAX_WAITING_FOR_DISCOVERY };
        let endpoint = key_set_settings::endpoint_source(
            &self.issuer,
            self.jwks_uri.get(JWKS_URI)?,
            discovery,
        )?;
        let settings = key_set_settings::Settings {
            issuer: self.issuer.clone(),
            algorithms: algorithms.clone(),
            request_timeout,
            max_response_length,
            refresh_interval,
            max_age,
            unknown_key_cooldown: cooldown,
            clock,
        };
        let optional = self.optional_claims.get(OPTIONAL_CLAIMS)?;
        let of_provider = || provider.map(Provider::optional_claims).unwrap_or_default().to_vec();
        let optional = optional.unwrap_or_else(of_provider);
        Ok(JwtVerifier {
            algorithms,
            types: if provider.is_some() { AcceptedTypes::Generic } else { self.types },
            reader,
            rules: ClaimRules { issuer: self.issuer, optional },
            keys: KeySetSource::new(endpoint, settings),
        })
    }
}

fn duration(
    setting: SettingName,
    value: SingleValue<Duration>,
    default: Duration,
) -> Result<Duration, SetupError> {
    let duration = value.get(setting)?.unwrap_or(default);
    require(!duration.is_zero(), setting, "more than 0", duration)?;
    Ok(duration)
}

fn require(
    condition: bool,
    setting: SettingName,
    expected: &'static str,
    found: impl Debug,
) -> Result<(), SetupError> {
    if condition {
        return Ok(());
    }
    Err(SetupError::invalid(setting, expected, format!("{found:?}")))
}
