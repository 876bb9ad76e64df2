//! Checking the settings, and building the client from them.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{INTROSPECTION_URL, ISSUER, IntrospectionBuilder, Location};
use crate::resolve::authorization_server::discovery::{self, Discovery};
use crate::resolve::authorization_server::endpoint::Endpoint;
use crate::resolve::authorization_server::endpoint_source::EndpointSource;
use crate::resolve::authorization_server::metadata_member::MetadataMember;
use crate::resolve::introspection::Introspection;
use crate::resolve::introspection::circuit_breaker::CircuitBreaker;
use crate::resolve::introspection::concurrency_limit::ConcurrencyLimit;
use crate::resolve::introspection::control_request::ControlRequests;
use crate::resolve::introspection::request::RequestSender;
use crate::resolve::introspection::response::ResponseReader;
use crate::resolve::introspection::retry_after_gate::RetryAfterGate;
use crate::{SettingName, SetupError, secure_url};

const CONNECT_TIMEOUT: SettingName = SettingName::with_key("connect_timeout", "connect_timeout_ms");
const REQUEST_TIMEOUT: SettingName = SettingName::with_key("request_timeout", "request_timeout_ms");
const MAX_RESPONSE_LENGTH: SettingName = SettingName::of_both("max_response_length");
const MAX_IN_FLIGHT: SettingName = SettingName::of_both("max_in_flight");

impl IntrospectionBuilder {
    /// Builds the client.
    ///
    /// # Errors
    /// [`SetupError::Url`] if the endpoint or the issuer is not an acceptable URL, [`SetupError::Invalid`] if
    /// a number or a duration is out of range, [`SetupError::HttpClient`] if no HTTP client can be made.
    pub fn build(self) -> Result<Introspection, SetupError> {
        self.validate()?;
        let endpoint = self.endpoint_source()?;
        let clock = || Arc::clone(&self.clock);
        let requests = Arc::new(RequestSender {
            endpoint,
            authentication: self.authentication,
            client_identity: self.client_identity,
            response_reader: ResponseReader {
                claims: self.claims,
                max_response_length: self.max_response_length,
                max_retry_after: self.max_retry_after,
                clock: clock(),
            },
        });
        let concurrency_limit =
            ConcurrencyLimit::new(self.max_in_flight, self.request_timeout, clock());
        let retry_after_gate = Arc::new(RetryAfterGate::new(clock()));
        let circuit_breaker =
            Arc::new(CircuitBreaker::new(self.circuit_breaker, self.max_in_flight, clock()));
        let control_requests = ControlRequests::new(
            Arc::clone(&requests),
            Arc::clone(&concurrency_limit),
            Arc::clone(&retry_after_gate),
            Arc::clone(&circuit_breaker),
            self.request_timeout,
            clock(),
        );
        Ok(Introspection {
            requests,
            request_timeout: self.request_timeout,
            retry: self.retry,
            concurrency_limit,
            retry_after_gate,
            circuit_breaker,
            control_requests,
        })
    }

    fn validate(&self) -> Result<(), SetupError> {
        if self.max_in_flight == 0 || self.max_in_flight > Semaphore::MAX_PERMITS {
            return Err(SetupError::invalid(
                MAX_IN_FLIGHT,
                "at least 1 and at most `usize::MAX >> 3`",
                self.max_in_flight,
            ));
        }
        let timeouts =
            [(CONNECT_TIMEOUT, self.connect_timeout), (REQUEST_TIMEOUT, self.request_timeout)];
        for (setting, timeout) in timeouts {
            if timeout.is_zero() {
                return Err(SetupError::invalid(setting, "more than 0", format!("{timeout:?}")));
            }
        }
        if self.max_response_length == 0 {
            return Err(SetupError::invalid(MAX_RESPONSE_LENGTH, "at least 1", 0));
        }
        match &self.circuit_breaker {
            Some(settings) => settings.validate(),
            None => Ok(()),
        }
    }

    fn endpoint_source(&self) -> Result<EndpointSource, SetupError> {
        match &self.location {
            Location::Endpoint(url) => {
                let setting = SetupError::url(INTROSPECTION_URL);
                let url = secure_url::parse(url, self.http).map_err(setting)?;
                let endpoint = Endpoint::new(url, self.http, self.connect_timeout)?;
                Ok(EndpointSource::Configured(endpoint))
            }
            Location::Issuer(issuer) => {
                let setting = SetupError::url(ISSUER);
                let url = secure_url::parse(issuer, self.http).map_err(setting)?;
                let settings = discovery::Settings {
                    http: self.http,
                    connect_timeout: self.connect_timeout,
                    request_timeout: self.request_timeout,
                    max_in_flight: self.max_in_flight,
                    clock: Arc::clone(&self.clock),
                };
                let discovery = Discovery::new(
                    issuer.clone(),
                    url,
                    MetadataMember::IntrospectionEndpoint,
                    settings,
                );
                Ok(EndpointSource::Discovered(Box::new(discovery)))
            }
        }
    }
}
