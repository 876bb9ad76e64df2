//! Builds the verifier of JWTs from a configuration.

use std::time::Duration;

use super::super::{Mode, ResourceServerConfig};
use super::client_assertion::{
    CLIENT_ASSERTION_ALGORITHM, CLIENT_ASSERTION_AUDIENCE, CLIENT_KEY_ID, CLIENT_PRIVATE_KEY_FILE,
};
use super::client_authentication::{
    BEARER_TOKEN, BEARER_TOKEN_FILE, CLIENT_AUTHENTICATION, CLIENT_CERTIFICATE_FILE,
    CLIENT_CERTIFICATE_KEY_FILE, CLIENT_CREDENTIALS_GRANT, CLIENT_ID, CLIENT_SECRET,
    CLIENT_SECRET_FILE,
};
use crate::resolve::introspection::INTROSPECTION_URL;
use crate::resource_server::SettingName;
use crate::{
    Hybrid, IntrospectionBuilder, JwtVerifier, Provider, ResourceServerBuilder, SetupError,
    SignedResponse,
};

const MODE: SettingName = SettingName::of_both("mode");

impl ResourceServerConfig {
    /// Sets the resolver of the `mode`, after the discovery of its endpoints.
    pub(super) async fn with_resolver(
        &self,
        server: ResourceServerBuilder,
    ) -> Result<ResourceServerBuilder, SetupError> {
        self.check_mode()?;
        match self.mode() {
            Mode::Introspection => self.with_introspection(server).await,
            Mode::Jwt => {
                let verifier = self.verifier()?;
                verifier.discover_at_start().await?;
                self.with_cache(server, verifier)
            }
            Mode::Hybrid => {
                let mut hybrid = Hybrid::new(self.verifier()?, self.introspection()?);
                if self.introspect_jwts {
                    hybrid = hybrid.introspect_jwts();
                }
                hybrid.discover_at_start().await?;
                self.with_cache(server, hybrid)
            }
        }
    }

    /// The mode that is set, or that of the provider.
    fn mode(&self) -> Mode {
        let of_provider = match self.provider {
            Some(provider) if !provider.introspects() => Mode::Jwt,
            _ => Mode::Introspection,
        };
        self.mode.unwrap_or(of_provider)
    }

    /// A setting that has no effect in this mode is a mistake.
    fn check_mode(&self) -> Result<(), SetupError> {
        let both = SettingName::of_both;
        let is_signed = self.signed_response == SignedResponse::Required;
        let of_jwt = [
            (both("jwks_uri"), self.jwks_uri.is_some() && !is_signed),
            (both("algorithms"), self.algorithms.is_some() && !is_signed),
            (both("accept_generic_type"), self.accept_generic_type == Some(true)),
            (
                both("optional_claims"),
                self.optional_claims.as_ref().is_some_and(|it| !it.is_empty()),
            ),
            (both("client_id_claims"), self.client_id_claims.is_some()),
        ];
        let of_introspection = [
            (INTROSPECTION_URL, self.introspection_url.is_some()),
            (CLIENT_ID, self.client_id.is_some()),
            (CLIENT_SECRET, self.client_secret.is_some()),
            (CLIENT_SECRET_FILE, self.client_secret_file.is_some()),
            (BEARER_TOKEN, self.bearer_token.is_some()),
            (BEARER_TOKEN_FILE, self.bearer_token_file.is_some()),
            (CLIENT_AUTHENTICATION, self.client_authentication.is_some()),
            (CLIENT_CREDENTIALS_GRANT, self.client_credentials_grant),
            (CLIENT_CERTIFICATE_FILE, self.client_certificate_file.is_some()),
            (CLIENT_CERTIFICATE_KEY_FILE, self.client_certificate_key_file.is_some()),
            (CLIENT_PRIVATE_KEY_FILE, self.client_private_key_file.is_some()),
            (CLIENT_KEY_ID, self.client_key_id.is_some()),
            (CLIENT_ASSERTION_ALGORITHM, self.client_assertion_algorithm.is_some()),
            (CLIENT_ASSERTION_AUDIENCE, self.client_assertion_audience.is_some()),
            (both("signed_response"), is_signed),
            (both("signed_response_audience"), self.signed_response_audience.is_some()),
            (both("max_response_length"), self.max_response_length.is_some()),
            (both("max_in_flight"), self.max_in_flight.is_some()),
            (
                SettingName::with_key("max_retry_after", "max_retry_after_s"),
                self.max_retry_after_s.is_some(),
            ),
            (both("without_retry"), self.without_retry),
            (both("circuit_breaker_failures"), self.circuit_breaker_failures.is_some()),
            (
                SettingName::with_key(
                    "circuit_breaker_probe_interval",
                    "circuit_breaker_probe_interval_ms",
                ),
                self.circuit_breaker_probe_interval_ms.is_some(),
            ),
            (both("without_circuit_breaker"), self.without_circuit_breaker),
        ];
        let unused = |settings: &[(SettingName, bool)], reason| {
            let set = settings.iter().find(|(_, is_set)| *is_set);
            set.map_or(Ok(()), |(setting, _)| {
                Err(SetupError::Requires { setting: *setting, required: MODE, reason })
            })
        };
        match self.mode() {
            Mode::Introspection => unused(&of_jwt, "only `jwt` and `hybrid` verify JWTs")?,
            Mode::Jwt => unused(&of_introspection, "`jwt` sends no introspection requests")?,
            Mode::Hybrid => {}
        }
        if self.introspect_jwts && self.mode() != Mode::Hybrid {
            let setting = both("introspect_jwts");
            let reason = "only `hybrid` verifies JWTs and introspects them";
            return Err(SetupError::Requires { setting, required: MODE, reason });
        }
        Ok(())
    }

    /// Sets how introspection responses are signed.
    pub(super) fn with_signed_response(
        &self,
        builder: IntrospectionBuilder,
    ) -> IntrospectionBuilder {
        let mut builder = builder.signed_response(self.signed_response);
        if let Some(audience) = self.signed_response_audience.as_ref() {
            builder = builder.signed_response_audience(audience);
        }
        if self.signed_response == SignedResponse::NotRequested {
            return builder;
        }
        if let Some(issuer) = &self.issuer {
            builder = builder.issuer(issuer);
        }
        if let (Some(id), None) = (&self.client_id, &self.signed_response_audience) {
            builder = builder.signed_response_audience(id);
        }
        if let Some(url) = &self.jwks_uri {
            builder = builder.jwks_uri(url);
        }
        if let Some(algorithms) = &self.algorithms {
            builder = builder.algorithms(algorithms.iter().copied());
        }
        builder
    }

    fn verifier(&self) -> Result<JwtVerifier, SetupError> {
        let missing = || SetupError::Missing { settings: vec![SettingName::of_both("issuer")] };
        let mut builder = JwtVerifier::from_issuer(self.issuer.as_ref().ok_or_else(missing)?);
        let optional = || self.provider.map(|provider| provider.optional_claims().to_vec());
        if let Some(claims) = self.optional_claims.clone().or_else(optional) {
            builder = builder.optional_claims(claims);
        }
        let names = |provider: Provider| {
            provider.client_id_claims().iter().map(|name| (*name).to_owned()).collect()
        };
        let client = || self.provider.map(names);
        if let Some(claims) = self.client_id_claims.clone().or_else(client) {
            builder = builder.client_id_claims(claims);
        }
        if let Some(url) = &self.jwks_uri {
            builder = builder.jwks_uri(url);
        }
        if let Some(algorithms) = &self.algorithms {
            builder = builder.algorithms(algorithms.iter().copied());
        }
        if self.accept_generic_type.unwrap_or(self.provider.is_some()) {
            builder = builder.accept_generic_type();
        }
        if let Some(claims) = self.scope_claims() {
            builder = builder.scope_claims(claims);
        }
        if let Some(file) = &self.trust_anchors_file {
            builder = builder.trust_anchors_file(file);
        }
        if let Some(millis) = self.connect_timeout_ms {
            builder = builder.connect_timeout(Duration::from_millis(millis));
        }
        if let Some(millis) = self.request_timeout_ms {
            builder = builder.request_timeout(Duration::from_millis(millis));
        }
        if self.dangerously_allow_http {
            builder = builder.dangerously_allow_http();
        }
        builder.build()
    }
}
