//! Builds a resource server from its configuration.

#[cfg(feature = "jwt")]
mod client_assertion;
mod client_authentication;
#[cfg(feature = "mtls")]
mod client_certificate;
#[cfg(feature = "dpop")]
mod dpop;
#[cfg(feature = "jwt")]
mod jwt;
mod resolver;
#[cfg(feature = "redis")]
mod shared_cache;

use std::time::Duration;

use super::ResourceServerConfig;
use crate::resolve::cache::{STALE_IF_ERROR, STALE_SCOPES};
use crate::resolve::introspection::INTROSPECTION_URL;
use crate::secure_url::{self, Http};
use crate::{ApiKeys, ResourceServer, ResourceServerBuilder, SettingName, SetupError};

const API_KEYS_FILE: SettingName = SettingName::of_configuration("api_keys_file");
const API_KEYS_PREFIX: SettingName = SettingName::of_configuration("api_keys_prefix");

impl ResourceServerConfig {
    /// Checks the settings and, without an `introspection_url`, discovers the endpoint from the
    /// issuer's metadata, as [`Introspection::discover_at_start`](crate::Introspection::discover_at_start) does.
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
        self.into_builder().await?.build()
    }

    /// The builder with these settings, for those that only code has, such as the scopes of a vocabulary.
    ///
    /// ```no_run
    /// use requires_auth::{ResourceServer, ResourceServerConfig, Scope};
    ///
    /// #[derive(Scope)]
    /// enum JournalScope {
    ///     #[scope("entries:read")]
    ///     EntriesRead,
    /// }
    ///
    /// # async fn run() -> Result<(), requires_auth::SetupError> {
    /// let config = ResourceServerConfig::from_env()?;
    /// let server = config.into_builder().await?.scopes::<JournalScope>().build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// Checks the settings and discovers the endpoint, as [`build`](Self::build) does.
    ///
    /// # Errors
    /// As [`build`](Self::build), but for what the builder checks.
    pub async fn into_builder(self) -> Result<ResourceServerBuilder, SetupError> {
        let http = if self.dangerously_allow_http { Http::Anywhere } else { Http::LoopbackOnly };
        if self.cache_stale_if_error_s.is_none() && self.cache_stale_scopes.is_some() {
            return Err(SetupError::Requires {
                setting: STALE_SCOPES,
                required: STALE_IF_ERROR,
                reason: "without it, no stale claims are used",
            });
        }
        #[cfg(feature = "dpop")]
        let dpop = self.dpop();
        #[cfg(all(feature = "dpop", feature = "redis"))]
        let dpop = match self.shared_cache()? {
            Some(shared) => dpop.shared(&shared),
            None => dpop,
        };
        #[cfg(feature = "mtls")]
        let client_certificate_source = self.client_certificate_source()?;
        let server = self.with_resolver(ResourceServer::builder(&self.resource)).await?;
        let mut server = server
            .audience_check(self.audience_check)
            .leeway(Duration::from_secs(self.leeway_s))
            .accepted_audiences(self.accepted_audiences)
            .accepted_clients(self.accepted_clients)
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
        match (self.api_keys_file, self.api_keys_prefix) {
            (Some(file), Some(prefix)) => {
                server = server.api_keys(prefix, ApiKeys::from_file(file)?);
            }
            (None, None) => {}
            (file, _) => {
                let (setting, required, reason) = if file.is_some() {
                    (API_KEYS_FILE, API_KEYS_PREFIX, "it distinguishes API keys from access tokens")
                } else {
                    (API_KEYS_PREFIX, API_KEYS_FILE, "without it, there are no API keys")
                };
                return Err(SetupError::Requires { setting, required, reason });
            }
        }
        #[cfg(feature = "mtls")]
        if let Some(source) = client_certificate_source {
            server = server.client_certificate_source(source);
        }
        #[cfg(feature = "dpop")]
        {
            server = server.dpop(dpop);
            if let Some(url) = self.external_base_url {
                server = server.external_base_url(url);
            }
        }
        if let Some(prefix) = self.requested_scope_prefix {
            server = server.requested_scope_prefix(prefix);
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
        Ok(server)
    }
}
