//! Builds a resource server from its configuration.

#[cfg(feature = "redis")]
mod shared_cache;

use std::time::Duration;

use super::{ClientAuthenticationMethod, ResourceServerConfig};
use crate::resolve::cache::{STALE_IF_ERROR, STALE_SCOPES};
use crate::resolve::introspection::INTROSPECTION_URL;
use crate::resource_server::SettingName;
use crate::secure_url::{self, Http};
use crate::telemetry::Quoted;
use crate::{
    Cached, CachedBuilder, ClientAuthentication, Introspection, IntrospectionBuilder,
    ResourceServer, Secret, SetupError,
};

const CLIENT_ID: SettingName = SettingName::of_configuration("client_id");
const CLIENT_SECRET: SettingName = SettingName::of_configuration("client_secret");
const BEARER_TOKEN: SettingName = SettingName::of_both("bearer_token");

impl ResourceServerConfig {
    /// Checks the settings and, without an `introspection_url`, discovers the endpoint from the
    /// issuer's metadata, as [`Introspection::discover_at_start`] does.
    ///
    /// The authorization server need not be reachable yet. How it responds to the discovery decides:
    ///
    /// | the authorization server | at start | for a request |
    /// |---|---|---|
    /// | refuses connections, breaks them off, or is too slow | a line at WARN | 503 with `Retry-After`; discovery is tried again |
    /// | responds with a 5xx, a redirect, 408, 425 or 429, or with a body that is no metadata | the same | the same |
    /// | has no document at either place (another 4xx) | an error | the same, and a line at ERROR |
    /// | has the document of another issuer, or one without a usable `introspection_endpoint` | an error | the same, and a line at ERROR |
    ///
    /// # Errors
    /// [`SetupError`] says which setting is missing or wrong, or what is wrong with the metadata.
    pub async fn build(self) -> Result<ResourceServer, SetupError> {
        let http = if self.dangerously_allow_http { Http::Anywhere } else { Http::LoopbackOnly };
        let introspection = match (&self.introspection_url, &self.issuer) {
            (Some(url), _) => Introspection::builder(url),
            (None, Some(issuer)) => Introspection::from_issuer(issuer),
            (None, None) => {
                return Err(SetupError::Missing {
                    settings: vec![SettingName::of_both("issuer"), INTROSPECTION_URL],
                });
            }
        };
        let introspection = self.introspection(introspection)?.build()?;

        if self.cache_stale_if_error_s.is_none() && self.cache_stale_scopes.is_some() {
            return Err(SetupError::Requires {
                setting: STALE_SCOPES,
                required: STALE_IF_ERROR,
                reason: "without it, no stale claims are used",
            });
        }
        introspection.discover_at_start().await?;
        let server = ResourceServer::builder(&self.resource);
        #[cfg(feature = "redis")]
        let shared = self.shared_cache()?;
        let server = if self.is_cached() {
            let cached = self.cached(Cached::builder(introspection));
            #[cfg(feature = "redis")]
            let cached = shared.into_iter().fold(cached, CachedBuilder::shared);
            server.resolver(cached.build()?)
        } else {
            server.resolver(introspection)
        };
        let mut server = server
            .audience_check(self.audience_check)
            .leeway(Duration::from_secs(self.leeway_s))
            .accepted_audiences(self.accepted_audiences)
            .scopes_supported(self.scopes_supported);
        if self.dangerously_allow_http {
            server = server.dangerously_allow_http();
        }
        let unnamed = self.issuer.is_none() && self.authorization_servers.is_empty();
        if let (true, Some(url)) = (unnamed, &self.introspection_url) {
            let url = secure_url::parse(url, http).map_err(SetupError::url(INTROSPECTION_URL))?;
            server = server.authorization_servers([url.origin().ascii_serialization()]);
        }
        server = server.authorization_servers(self.authorization_servers);
        if let Some(issuer) = self.issuer {
            server = server.issuer(issuer);
        }
        if let Some(realm) = self.realm {
            server = server.realm(realm);
        }
        if let Some(name) = self.resource_name {
            server = server.resource_name(name);
        }
        if let Some(url) = self.resource_documentation {
            server = server.resource_documentation(url);
        }
        if let Some(bytes) = self.max_token_length {
            server = server.max_token_length(bytes);
        }
        server.build()
    }

    fn introspection(
        &self,
        builder: IntrospectionBuilder,
    ) -> Result<IntrospectionBuilder, SetupError> {
        let mut builder = builder.client_authentication(self.authentication()?);
        if let Some(claims) = &self.scope_claims {
            builder = builder.scope_claims(claims.iter().cloned());
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
        if let Some(exchanges) = self.max_in_flight {
            builder = builder.max_in_flight(exchanges);
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

    fn is_cached(&self) -> bool {
        self.cache_ttl_s != Some(0)
            || self.cache_stale_if_error_s.is_some_and(|seconds| seconds > 0)
    }

    fn cached(&self, mut cached: CachedBuilder<Introspection>) -> CachedBuilder<Introspection> {
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

    fn authentication(&self) -> Result<ClientAuthentication, SetupError> {
        use ClientAuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None as Nothing};
        let settings = (&self.client_id, &self.client_secret, &self.bearer_token);
        let is_empty = |secret: &Option<Secret>| {
            secret.as_ref().is_some_and(|secret| secret.expose().is_empty())
        };
        let empty = [
            (CLIENT_ID, self.client_id.as_deref() == Some("")),
            (CLIENT_SECRET, is_empty(&self.client_secret)),
            (BEARER_TOKEN, is_empty(&self.bearer_token)),
        ];
        if let Some((setting, _)) = empty.into_iter().find(|(_, is_empty)| *is_empty) {
            return Err(SetupError::invalid(setting, "a text that is not empty", Quoted("")));
        }
        match (self.client_authentication, settings) {
            (None, (None, None, Some(token))) => Ok(ClientAuthentication::bearer(token.clone())),
            // With a client id alone, the secret is probably missing, so `none` must be explicit.
            (None, (None, None, None)) | (Some(Nothing), (_, None, None)) => {
                Ok(ClientAuthentication::None)
            }
            (None | Some(ClientSecretBasic), (Some(id), Some(secret), None)) => {
                Ok(ClientAuthentication::Basic { id: id.clone(), secret: secret.clone() })
            }
            (Some(ClientSecretPost), (Some(id), Some(secret), None)) => {
                Ok(ClientAuthentication::Post { id: id.clone(), secret: secret.clone() })
            }
            _ => Err(SetupError::Contradiction {
                settings: vec![
                    CLIENT_ID,
                    CLIENT_SECRET,
                    BEARER_TOKEN,
                    SettingName::of_both("client_authentication"),
                ],
                reason: "set `client_id` and `client_secret`, or `bearer_token` alone, or none of \
                         them; with the `client_authentication` `none`, at most `client_id`",
            }),
        }
    }
}
