//! Builds the resolver of a resource server from its configuration.

use std::time::Duration;

use super::super::ResourceServerConfig;
use crate::resolve::introspection::INTROSPECTION_URL;
use crate::resource_server::SettingName;
use crate::{
    Cached, CachedBuilder, Introspection, IntrospectionBuilder, Resolver, ResourceServerBuilder,
    ScopeClaim, SetupError,
};

impl ResourceServerConfig {
    /// Sets the resolver of the `mode`, after the discovery of its endpoints.
    #[cfg(not(feature = "jwt"))]
    pub(super) async fn with_resolver(
        &self,
        server: ResourceServerBuilder,
    ) -> Result<ResourceServerBuilder, SetupError> {
        self.with_introspection(server).await
    }

    pub(super) async fn with_introspection(
        &self,
        server: ResourceServerBuilder,
    ) -> Result<ResourceServerBuilder, SetupError> {
        let introspection = self.introspection()?;
        introspection.discover_at_start().await?;
        self.with_cache(server, introspection)
    }

    pub(super) fn introspection(&self) -> Result<Introspection, SetupError> {
        let introspection = match (&self.introspection_url, &self.issuer) {
            (Some(url), _) => Introspection::builder(url),
            (None, Some(issuer)) => Introspection::from_issuer(issuer),
            (None, None) => {
                return Err(SetupError::Missing {
                    settings: vec![SettingName::of_both("issuer"), INTROSPECTION_URL],
                });
            }
        };
        self.introspection_settings(introspection)?.build()
    }

    /// Sets the resolver, behind the cache unless that is disabled.
    pub(super) fn with_cache<R: Resolver>(
        &self,
        server: ResourceServerBuilder,
        resolver: R,
    ) -> Result<ResourceServerBuilder, SetupError> {
        #[cfg(feature = "redis")]
        let shared = self.shared_cache()?;
        if !self.is_cached() {
            return Ok(server.resolver(resolver));
        }
        let cached = self.cached(Cached::builder(resolver));
        #[cfg(feature = "redis")]
        let cached = shared.into_iter().fold(cached, CachedBuilder::shared);
        Ok(server.resolver(cached.build()?))
    }

    fn introspection_settings(
        &self,
        builder: IntrospectionBuilder,
    ) -> Result<IntrospectionBuilder, SetupError> {
        let mut builder = self.with_client_certificate(builder)?;
        builder = builder.client_authentication(self.client_authentication()?);
        #[cfg(feature = "jwt")]
        {
            builder = self.with_signed_response(builder);
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
        if let Some(bytes) = self.max_response_length {
            builder = builder.max_response_length(bytes);
        }
        if let Some(requests) = self.max_in_flight {
            builder = builder.max_in_flight(requests);
        }
        if let Some(seconds) = self.max_retry_after_s {
            builder = builder.max_retry_after(Duration::from_secs(seconds));
        }
        if self.without_retry {
            builder = builder.without_retry();
        }
        if let Some(failures) = self.circuit_breaker_failures {
            builder = builder.circuit_breaker_failures(failures);
        }
        if let Some(millis) = self.circuit_breaker_probe_interval_ms {
            builder = builder.circuit_breaker_probe_interval(Duration::from_millis(millis));
        }
        if self.without_circuit_breaker {
            builder = builder.without_circuit_breaker();
        }
        if self.dangerously_allow_http {
            builder = builder.dangerously_allow_http();
        }
        Ok(builder)
    }

    /// The scope claims that are set, or those of the provider.
    pub(super) fn scope_claims(&self) -> Option<Vec<ScopeClaim>> {
        #[cfg(feature = "jwt")]
        if self.scope_claims.is_none() {
            return self.provider.map(crate::Provider::scope_claims);
        }
        self.scope_claims.clone()
    }

    fn is_cached(&self) -> bool {
        self.cache_ttl_s != Some(0)
            || self.cache_stale_if_error_s.is_some_and(|seconds| seconds > 0)
    }

    fn cached<R: Resolver>(&self, mut cached: CachedBuilder<R>) -> CachedBuilder<R> {
        if let Some(seconds) = self.cache_ttl_s {
            cached = cached.ttl(Duration::from_secs(seconds));
        }
        if self.cache_ttl_s == Some(0) {
            cached = cached.inactive_ttl(Duration::ZERO);
        }
        if let Some(seconds) = self.cache_stale_if_error_s {
            cached = cached.stale_if_error(Duration::from_secs(seconds));
        }
        if let Some(scopes) = &self.cache_stale_scopes {
            cached = cached.stale_scopes(scopes);
        }
        cached
    }
}
