//! The settings of a key set, and the endpoint that serves it.

use std::sync::Arc;
use std::time::Duration;

use crate::jose::SigningAlgorithm;
use crate::resolve::authorization_server::discovery::{self, Discovery};
use crate::resolve::authorization_server::endpoint::Endpoint;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::metadata_member::MetadataMember;
use crate::{Clock, SettingName, SetupError};

pub(in crate::resolve) struct Settings {
    pub(in crate::resolve) issuer: String,
    pub(in crate::resolve) algorithms: Vec<SigningAlgorithm>,
    pub(in crate::resolve) request_timeout: Duration,
    pub(in crate::resolve) max_response_length: usize,
    pub(in crate::resolve) refresh_interval: Duration,
    pub(in crate::resolve) max_age: Duration,
    pub(in crate::resolve) unknown_key_cooldown: Duration,
    pub(in crate::resolve) clock: Arc<dyn Clock>,
}

impl Settings {
    pub(in crate::resolve) fn with_defaults(
        issuer: String,
        algorithms: Vec<SigningAlgorithm>,
        request_timeout: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuer,
            algorithms,
            request_timeout,
            max_response_length: DEFAULT_MAX_RESPONSE_LENGTH,
            refresh_interval: DEFAULT_REFRESH_INTERVAL,
            max_age: DEFAULT_MAX_KEY_SET_AGE,
            unknown_key_cooldown: DEFAULT_UNKNOWN_KEY_COOLDOWN,
            clock,
        }
    }
}

const DEFAULT_ALGORITHMS: [SigningAlgorithm; 4] = [
    SigningAlgorithm::Rs256,
    SigningAlgorithm::Ps256,
    SigningAlgorithm::Es256,
    SigningAlgorithm::EdDsa,
];
pub(in crate::resolve) const DEFAULT_MAX_RESPONSE_LENGTH: usize = 256 * 1024;
pub(in crate::resolve) const DEFAULT_REFRESH_INTERVAL: Duration = Duration::from_secs(10 * 60);
pub(in crate::resolve) const DEFAULT_MAX_KEY_SET_AGE: Duration = Duration::from_secs(24 * 3600);
pub(in crate::resolve) const DEFAULT_UNKNOWN_KEY_COOLDOWN: Duration = Duration::from_secs(30);

const ISSUER: SettingName = SettingName::of_both("issuer");
pub(in crate::resolve) const JWKS_URI: SettingName = SettingName::of_both("jwks_uri");
pub(in crate::resolve) const ALGORITHMS: SettingName = SettingName::of_both("algorithms");

/// The algorithms of the keys that are used.
pub(in crate::resolve) fn algorithms(
    configured: Option<Vec<SigningAlgorithm>>,
) -> Result<Vec<SigningAlgorithm>, SetupError> {
    let algorithms = configured.unwrap_or_else(|| DEFAULT_ALGORITHMS.to_vec());
    if algorithms.is_empty() {
        return Err(SetupError::invalid(ALGORITHMS, "at least one algorithm", 0));
    }
    Ok(algorithms)
}

/// The URL of the key set: the configured one, else that of the issuer's metadata.
pub(in crate::resolve) fn endpoint_source(
    issuer: &str,
    jwks_uri: Option<String>,
    settings: discovery::Settings,
) -> Result<EndpointSource, SetupError> {
    let connection = &settings.connection;
    let url = connection.parse_url(issuer).map_err(SetupError::url(ISSUER))?;
    if let Some(key_set) = jwks_uri {
        let url = connection.parse_url(&key_set).map_err(SetupError::url(JWKS_URI))?;
        let endpoint = Endpoint::new(url, connection)?;
        return Ok(EndpointSource::Configured(Arc::new(endpoint)));
    }
    let discovery = Discovery::new(issuer.to_owned(), url, MetadataMember::JwksUri, settings);
    Ok(EndpointSource::Discovered(Box::new(discovery)))
}
