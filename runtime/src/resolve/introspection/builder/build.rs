//! Checking the settings, and building the client from them.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{INTROSPECTION_URL, ISSUER, IntrospectionBuilder, Location};
use crate::resolve::authorization_server::discovery::{self, Discovery};
use crate::resolve::authorization_server::endpoint::Endpoint;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::metadata_member::MetadataMember;
use crate::resolve::introspection::authenticator::Authenticator;
use crate::resolve::introspection::circuit_breaker::{self, CircuitBreaker};
use crate::resolve::introspection::concurrency_limit::ConcurrencyLimit;
use crate::resolve::introspection::control_request::ControlRequests;
use crate::resolve::introspection::request::RequestSender;
use crate::resolve::introspection::response::ResponseReader;
use crate::resolve::introspection::retry_after_gate::RetryAfterGate;
use crate::resolve::introspection::{Introspection, defaults};
use crate::resource_server::SingleValue;
use crate::{ClaimsReader, SettingName, SetupError};

const CLIENT_AUTHENTICATION: SettingName = SettingName::of_both("client_authentication");
const CLIENT_IDENTITY: SettingName = SettingName::of_builder("client_identity");
const SCOPE_CLAIMS: SettingName = SettingName::of_both("scope_claims");
const MAX_RESPONSE_LENGTH: SettingName = SettingName::of_both("max_response_length");
const MAX_IN_FLIGHT: SettingName = SettingName::of_both("max_in_flight");
const MAX_RETRY_AFTER: SettingName = SettingName::with_key("max_retry_after", "max_retry_after_s");

impl IntrospectionBuilder {
    /// Builds the client.
    ///
    /// # Errors
    /// [`SetupError::Url`] if the endpoint or the issuer is not an acceptable URL, [`SetupError::Invalid`] if
    /// a number or a duration is out of range, [`SetupError::SetTwice`] if a setting has two values,
    /// [`SetupError::Contradiction`] if the circuit breaker is disabled and has settings,
    /// [`SetupError::File`] and [`SetupError::Content`] for a file, a key or a certificate that cannot be used,
    /// [`SetupError::Requires`] for a setting without another one that it needs, [`SetupError::HttpClient`] if no
    /// HTTP client can be made.
    pub fn build(self) -> Result<Introspection, SetupError> {
        let circuit_breaker = circuit_breaker::Settings::new(
            self.circuit_breaker,
            self.circuit_breaker_failures,
            self.circuit_breaker_probe_interval,
        )?;
        let connection = self.connection.check()?;
        let request_timeout = connection.request_timeout;
        let max_response_length = self
            .max_response_length
            .get(MAX_RESPONSE_LENGTH)?
            .unwrap_or(defaults::MAX_RESPONSE_LENGTH);
        if max_response_length == 0 {
            return Err(SetupError::invalid(MAX_RESPONSE_LENGTH, "at least 1", 0));
        }
        let max_in_flight = max_in_flight(self.max_in_flight)?;
        let max_retry_after =
            self.max_retry_after.get(MAX_RETRY_AFTER)?.unwrap_or(defaults::MAX_RETRY_AFTER);
        let claims = ClaimsReader::default();
        let claims = match self.scope_claims.get(SCOPE_CLAIMS)? {
            Some(scope_claims) => claims.scope_claims(scope_claims),
            None => claims,
        };
        let clock = Arc::clone(&connection.clock);
        let clock = || Arc::clone(&clock);

        let settings = discovery::Settings { connection, max_in_flight };
        let authentication = self.authentication.get(CLIENT_AUTHENTICATION)?.unwrap_or_default();
        let issuer = self.location.issuer();
        #[cfg(feature = "jwt")]
        let issuer = issuer.or(self.signed_response.discovered_from());
        let authentication = authentication.with_issuer(issuer.map(str::to_owned));
        let authenticator = Authenticator::new(authentication, &settings)?;
        #[cfg(feature = "jwt")]
        let signature = {
            let (issuer, client_id) = (self.location.issuer(), authenticator.client_id());
            self.signed_response.verifier(issuer, client_id, settings.clone())?
        };
        let requests = Arc::new(RequestSender {
            endpoint: endpoint_source(self.location, settings)?,
            authenticator,
            client_identity: self.client_identity.get(CLIENT_IDENTITY)?,
            response_reader: ResponseReader {
                claims,
                max_response_length,
                max_retry_after,
                clock: clock(),
                #[cfg(feature = "jwt")]
                signature,
            },
        });
        let concurrency_limit = ConcurrencyLimit::new(max_in_flight, request_timeout, clock());
        let retry_after_gate = Arc::new(RetryAfterGate::new(clock()));
        let circuit_breaker =
            Arc::new(CircuitBreaker::new(circuit_breaker, max_in_flight, clock()));
        let control_requests = ControlRequests::new(
            Arc::clone(&requests),
            Arc::clone(&concurrency_limit),
            Arc::clone(&retry_after_gate),
            Arc::clone(&circuit_breaker),
            request_timeout,
            clock(),
        );
        Ok(Introspection {
            requests,
            request_timeout,
            retry: self.retry,
            concurrency_limit,
            retry_after_gate,
            circuit_breaker,
            control_requests,
        })
    }
}

fn max_in_flight(value: SingleValue<usize>) -> Result<usize, SetupError> {
    let limit = value.get(MAX_IN_FLIGHT)?.unwrap_or(defaults::MAX_IN_FLIGHT);
    if limit == 0 || limit > Semaphore::MAX_PERMITS {
        let expected = "at least 1 and at most `usize::MAX >> 3`";
        return Err(SetupError::invalid(MAX_IN_FLIGHT, expected, limit));
    }
    Ok(limit)
}

fn endpoint_source(
    location: Location,
    settings: discovery::Settings,
) -> Result<EndpointSource, SetupError> {
    let parse =
        |url: &str, setting| settings.connection.parse_url(url).map_err(SetupError::url(setting));
    match location {
        Location::Endpoint(url) => {
            let url = parse(&url, INTROSPECTION_URL)?;
            let endpoint = Endpoint::new(url, &settings.connection)?;
            Ok(EndpointSource::Configured(Arc::new(endpoint)))
        }
        Location::Issuer(issuer) => {
            let url = parse(&issuer, ISSUER)?;
            Ok(EndpointSource::Discovered(Box::new(Discovery::new(
                issuer,
                url,
                MetadataMember::IntrospectionEndpoint,
                settings,
            ))))
        }
    }
}
