//! A resource server from configuration: any serde source, or the environment.

mod build;
mod env;
mod only_known;

use only_known::OnlyKnown;
use secrecy::SecretString;
use serde::Deserialize;

use crate::AudienceCheck;
use crate::ScopeClaim;

/// The settings of a [`ResourceServer`](crate::ResourceServer) with introspection, for any serde format.
///
/// Only `resource`, and `issuer` or `introspection_url`, are required. A setting that does not exist,
/// or whose feature is not compiled in, is an error that names the nearest one or the feature.
///
/// # Names
///
/// A setting has the name of the builder's method that sets it, and the same default:
///
/// - A setting of the cache ([`CachedBuilder`](crate::CachedBuilder)) begins with `cache_`, and one of
///   the shared cache with `redis_`: `ttl` of the cache is `cache_ttl_s`.
/// - A duration ends with its unit, `_s` or `_ms`: `request_timeout` is `request_timeout_ms`.
///
/// What builders take as arguments of functions has the name of the argument, or of what it becomes:
/// `resource`, `introspection_url`, `redis_urls`, `redis_cluster`, `redis_secret`, and, for the client
/// authentication, `client_id`, `client_secret`, `bearer_token`.
///
/// In the environment, a setting is the variable `REQUIRES_AUTH_` with this name in capitals: see
/// [`ResourceServer::from_env`](crate::ResourceServer::from_env).
///
/// # Example
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let config: requires_auth::ResourceServerConfig = serde_json::from_str(r#"{
///     "resource": "https://journal.example/mcp",
///     "introspection_url": "https://auth.example/oauth2/introspect",
///     "client_id": "journal",
///     "client_secret": "the client's secret",
///     "request_timeout_ms": 2000
/// }"#)?;
/// let server = config.build().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "settings, each of its own, and no states")]
pub struct ResourceServerConfig {
    /// The resource identifier (RFC 8707). Required.
    pub resource: String,
    /// The issuer: checked against `iss`, named in the metadata, and, where there is no
    /// `introspection_url`, asked for its metadata. It need not answer when this server starts: see
    /// [`build`](Self::build). Default: none, and `iss` is not checked.
    pub issuer: Option<String>,
    /// The introspection endpoint. Default: read from the metadata of `issuer`.
    pub introspection_url: Option<String>,
    /// The authorization servers in the metadata, besides `issuer`. Default: without an `issuer`,
    /// the origin of `introspection_url`.
    #[serde(default)]
    pub authorization_servers: Vec<String>,
    /// The client id that this server has at the authorization server. Default: none.
    pub client_id: Option<String>,
    /// The secret of this client. Default: none.
    pub client_secret: Option<SecretString>,
    /// A bearer token to introspect with, in place of a client id and secret. Default: none.
    pub bearer_token: Option<SecretString>,
    /// How id and secret are sent. Default: `client_secret_basic`.
    pub client_authentication: Option<ClientAuthenticationMethod>,
    /// `required`, `if-present` or `unchecked`. Default: `required`.
    #[serde(default)]
    pub audience_check: AudienceCheck,
    /// Audiences that are accepted besides `resource`. Default: none.
    #[serde(default)]
    pub accepted_audiences: Vec<String>,
    /// Where the scopes are in the answer. Default: `["scope"]`.
    pub scope_claims: Option<Vec<ScopeClaim>>,
    /// The scopes that the metadata lists. Default: none.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// The `realm` of challenges. Default: none.
    pub realm: Option<String>,
    /// The name of the resource in the metadata. Default: none.
    pub resource_name: Option<String>,
    /// Where the documentation of the resource is, for the metadata. Default: none.
    pub resource_documentation: Option<String>,
    /// Milliseconds that connecting may take. Default: 2000.
    pub connect_timeout_ms: Option<u64>,
    /// Milliseconds that a whole exchange may take. Default: 5000.
    pub request_timeout_ms: Option<u64>,
    /// The longest answer that is read, in bytes. Default: 65536.
    pub max_response_length: Option<usize>,
    /// How many exchanges may be in flight at once. Default: 256.
    pub max_in_flight: Option<usize>,
    /// The longest `Retry-After` of the authorization server that is honoured and passed on, in
    /// seconds. Default: 60.
    pub max_retry_after_s: Option<u64>,
    /// Does not try again after a broken connection, a 502, 503 or 504. Default: false.
    #[serde(default)]
    pub without_retry: bool,
    /// How many exchanges in a row must fail for the circuit breaker to open. Default: 5.
    pub circuit_breaker_failures: Option<u32>,
    /// How often an open circuit breaker probes, in milliseconds. Default: 500.
    pub circuit_breaker_probe_interval_ms: Option<u64>,
    /// Disables the circuit breaker. Default: false.
    #[serde(default)]
    pub without_circuit_breaker: bool,
    /// Seconds that claims are remembered, which is how long a revoked token may still be accepted;
    /// 0 asks about every request. Default: 60.
    pub cache_ttl_s: Option<u64>,
    /// Seconds, beyond that, for which claims stand in when the authorization server cannot be asked;
    /// at most 3600. Default: 0.
    pub cache_stale_if_error_s: Option<u64>,
    /// The scopes that such claims may be used for; an empty list is none. Default: all.
    pub cache_stale_scopes: Option<Vec<String>>,
    /// The Redis or Valkey that a [shared cache](crate::shared_cache) is kept in, as
    /// `redis://user:password@host:6379`, or `rediss://…` for TLS; of a cluster, some of its nodes.
    /// Default: there is none.
    #[cfg(feature = "redis")]
    #[serde(default)]
    pub redis_urls: Vec<SecretString>,
    /// Whether it is a cluster. Default: false.
    #[cfg(feature = "redis")]
    #[serde(default)]
    pub redis_cluster: bool,
    /// The secret that all instances have, at least 32 bytes. Required where there is a shared cache.
    #[cfg(feature = "redis")]
    pub redis_secret: Option<SecretString>,
    /// What the keys in the store begin with. Default: `requires-auth`.
    #[cfg(feature = "redis")]
    pub redis_prefix: Option<String>,
    /// Milliseconds that a request may wait for the store. Default: 100.
    #[cfg(feature = "redis")]
    pub redis_timeout_ms: Option<u64>,
    /// A file with the certificates, as PEM, of the authorities that may vouch for the store. Default:
    /// those that the system trusts.
    #[cfg(feature = "redis")]
    pub redis_root_certificates: Option<std::path::PathBuf>,
    /// The longest token that is looked at, in bytes. Default: 8192.
    pub max_token_length: Option<usize>,
    /// Seconds that clocks may differ when `exp` and `nbf` are checked. Default: 0.
    #[serde(default)]
    pub leeway_s: u64,
    /// Accepts plain `http` to other machines. Default: false.
    #[serde(default)]
    pub dangerously_allow_http: bool,
    #[serde(flatten)]
    #[expect(dead_code, reason = "it is there to be deserialized")]
    only_known: OnlyKnown,
}

/// How the client id and secret are sent, by its name in OAuth's metadata (RFC 8414 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthenticationMethod {
    /// No client authentication.
    None,
    /// In the `Authorization` header.
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}
