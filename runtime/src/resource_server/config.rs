//! A resource server from configuration: any serde source, or the environment.

mod build;
mod client_authentication_method;
#[cfg(feature = "mtls")]
mod client_certificate_location;
mod env;
mod from_text;
#[cfg(feature = "jwt")]
mod mode;
mod only_known;
mod settings;
mod variables;

use serde::{Deserialize, Deserializer};

use super::unknown_setting::Setting;
use crate::{AudienceCheck, ScopeClaim, Secret, SetupError};
pub use client_authentication_method::ClientAuthenticationMethod;
#[cfg(feature = "mtls")]
pub use client_certificate_location::ClientCertificateLocation;
#[cfg(feature = "jwt")]
pub use mode::Mode;
use settings::settings;
use variables::Variables;

settings! {
/// The settings of a [`ResourceServer`](crate::ResourceServer) with introspection, or with the verification of JWTs,
/// for any serde format.
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
/// authentication, `client_id`, `client_secret`, `bearer_token`, `client_key_id`, and `token_scopes`. A setting that
/// ends with `_file` names the file that contains the value.
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
    /// The issuer. `iss` must be exactly this text, and the metadata of the resource lists it. Without
    /// an `introspection_url`, its own metadata names the endpoint; it need not be reachable when this
    /// server starts: see [`build`](Self::build). Default: none, and `iss` is not checked.
    pub issuer: Option<String>,
    /// The authorization server, such as `keycloak` or `entra`, which decides the defaults of `mode`, `scope_claims`,
    /// `client_id_claims`, `accept_generic_type` and `optional_claims`: see [`Provider`](crate::Provider). Default: none.
    #[cfg(feature = "jwt")]
    pub provider: Option<crate::Provider>,
    /// How tokens are resolved: `introspection`, `jwt` or `hybrid`. With the last two, `issuer` is required.
    /// Default: that of the `provider`, or `introspection`.
    #[cfg(feature = "jwt")]
    pub mode: Option<Mode>,
    /// The URL of the key set of the issuer. Default: read from the metadata of `issuer`.
    #[cfg(feature = "jwt")]
    pub jwks_uri: Option<String>,
    /// The algorithms that JWTs and signed introspection responses may be signed with. Default: `["RS256", "PS256",
    /// "ES256", "EdDSA"]`.
    #[cfg(feature = "jwt")]
    pub algorithms: Option<Vec<crate::SigningAlgorithm>>,
    /// Accepts JWTs whose `typ` is `JWT`, or that have none, in place of `at+jwt`: see
    /// [`accept_generic_type`](crate::JwtVerifierBuilder::accept_generic_type). Default: true with a `provider`, and
    /// false without one.
    #[cfg(feature = "jwt")]
    pub accept_generic_type: Option<bool>,
    /// The claims that a JWT may lack: `sub`, `client_id`, `iat`, `jti`. Default: those of the `provider`, or none.
    #[cfg(feature = "jwt")]
    pub optional_claims: Option<Vec<crate::OptionalClaim>>,
    /// The claims of a JWT that name the client; of several, the first one that is there. Default: those of the
    /// `provider`, or `["client_id"]`.
    #[cfg(feature = "jwt")]
    pub client_id_claims: Option<Vec<String>>,
    /// Introspects JWTs too, after their signature is verified: see
    /// [`introspect_jwts`](crate::Hybrid::introspect_jwts). Only with the `mode` `hybrid`. Default: false.
    #[cfg(feature = "jwt")]
    #[serde(default)]
    pub introspect_jwts: bool,
    /// Whether introspection responses must be signed (RFC 9701): `not-requested` or `required`: see
    /// [`signed_response`](crate::IntrospectionBuilder::signed_response). `required` needs `issuer`. Default:
    /// `not-requested`.
    #[cfg(feature = "jwt")]
    #[serde(default)]
    pub signed_response: crate::SignedResponse,
    /// What `aud` of a signed introspection response must contain. Default: `client_id`.
    #[cfg(feature = "jwt")]
    pub signed_response_audience: Option<String>,
    /// The introspection endpoint. Default: read from the metadata of `issuer`.
    pub introspection_url: Option<String>,
    /// The authorization servers in the metadata, besides `issuer`. Default: without an `issuer`, the
    /// origin of `introspection_url`.
    #[serde(default)]
    pub authorization_servers: Vec<String>,
    /// The client id that this server has at the authorization server. Default: none.
    pub client_id: Option<String>,
    /// The secret of this client. Default: none.
    pub client_secret: Option<Secret>,
    /// The file with the secret of this client, in place of `client_secret`. A new secret is used without a
    /// restart: see [`SecretSource`](crate::SecretSource). Default: none.
    pub client_secret_file: Option<std::path::PathBuf>,
    /// A bearer token that authenticates introspection requests, in place of a client id and secret.
    /// Default: none.
    pub bearer_token: Option<Secret>,
    /// The file with the bearer token, in place of `bearer_token`. A new token is used without a restart: see
    /// [`SecretSource`](crate::SecretSource). Default: none.
    pub bearer_token_file: Option<std::path::PathBuf>,
    /// The file with the private key of this client, for the `client_authentication` `private_key_jwt`: see
    /// [`private_key_jwt`](crate::ClientAssertion::private_key_jwt). A new key is used without a restart.
    /// Default: none.
    #[cfg(feature = "jwt")]
    pub client_private_key_file: Option<std::path::PathBuf>,
    /// `kid` of the private key. Default: that of a JWK, else none.
    #[cfg(feature = "jwt")]
    pub client_key_id: Option<String>,
    /// The algorithm of the private key. Default: see [`algorithm`](crate::ClientAssertion::algorithm).
    #[cfg(feature = "jwt")]
    pub client_assertion_algorithm: Option<crate::SigningAlgorithm>,
    /// `aud` of the JWT of `private_key_jwt` and `client_secret_jwt`. Default: `issuer`; required without one.
    #[cfg(feature = "jwt")]
    pub client_assertion_audience: Option<String>,
    /// The PEM file with the certificate chain that this server presents to the introspection endpoint (RFC 8705 §2). A
    /// new certificate is used without a restart. Default: none.
    pub client_certificate_file: Option<std::path::PathBuf>,
    /// The PEM file with the private key of the certificate. Required beside `client_certificate_file`.
    pub client_certificate_key_file: Option<std::path::PathBuf>,
    /// Authenticates introspection requests with a bearer token that is obtained at the token endpoint with the
    /// credentials of this client, in place of the credentials themselves: see
    /// [`ClientCredentialsGrant`](crate::ClientCredentialsGrant). Default: false.
    #[serde(default)]
    pub client_credentials_grant: bool,
    /// The token endpoint. Default: read from the metadata of `issuer`.
    pub token_url: Option<String>,
    /// The scopes of this token. Default: none, and the authorization server decides.
    pub token_scopes: Option<Vec<String>>,
    /// How the client authenticates: `none`, `client_secret_basic`, `client_secret_post`, `private_key_jwt`,
    /// `client_secret_jwt`, `tls_client_auth` or `self_signed_tls_client_auth`. Default: `private_key_jwt` with a
    /// private key, else `client_secret_basic` with a secret.
    pub client_authentication: Option<ClientAuthenticationMethod>,
    /// `required`, `if-present` or `unchecked`. Default: `required`.
    #[serde(default)]
    pub audience_check: AudienceCheck,
    /// Audiences that are accepted besides `resource`. Default: none.
    #[serde(default)]
    pub accepted_audiences: Vec<String>,
    /// Clients whose tokens may lack `aud`: see
    /// [`accepted_clients`](crate::TrustedIssuer::accepted_clients). Default: none.
    #[serde(default)]
    pub accepted_clients: Vec<String>,
    /// The file of API keys, which are accepted besides access tokens: see [`ApiKeys`](crate::ApiKeys). Default: none.
    pub api_keys_file: Option<std::path::PathBuf>,
    /// The text that each API key begins with, such as `jrn_`. Required with `api_keys_file`.
    pub api_keys_prefix: Option<String>,
    /// The members of the introspection response, or of the JWT, that contain the scopes: see
    /// [`ScopeClaim`]. Default: those of the `provider`, or `["scope"]`.
    pub scope_claims: Option<Vec<ScopeClaim>>,
    /// The scopes that the metadata lists. Default: none.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// The text that a client writes before the name of a scope to request it, such as `api://app-id/`: see
    /// [`requested_scope_prefix`](crate::ResourceServerBuilder::requested_scope_prefix). Default: none.
    pub requested_scope_prefix: Option<String>,
    /// The `realm` of challenges. Default: none.
    pub realm: Option<String>,
    /// The name of the resource in the metadata. Default: none.
    pub resource_name: Option<String>,
    /// The URL of the documentation of the resource, for the metadata. Default: none.
    pub resource_documentation: Option<String>,
    /// The most milliseconds that connecting may take. Default: 2000.
    pub connect_timeout_ms: Option<u64>,
    /// The most milliseconds that an introspection request may take, with its retry. Default: 5000.
    pub request_timeout_ms: Option<u64>,
    /// A PEM file with the certificates that the certificate of the authorization server is verified with. Its new
    /// content is used without a restart: see
    /// [`trust_anchors_file`](crate::IntrospectionBuilder::trust_anchors_file). Default: those of the platform.
    pub trust_anchors_file: Option<std::path::PathBuf>,
    /// The longest introspection response that is read, in bytes. Default: 65536.
    pub max_response_length: Option<usize>,
    /// How many introspection requests may be in progress at once. Default: 256.
    pub max_in_flight: Option<usize>,
    /// The longest `Retry-After` of the authorization server that is obeyed and passed on, in seconds.
    /// Default: 60.
    pub max_retry_after_s: Option<u64>,
    /// Disables the retry after a broken connection, a 502, 503 or 504. Default: false.
    #[serde(default)]
    pub without_retry: bool,
    /// The number of failures in a row that opens the circuit breaker. Default: 5.
    pub circuit_breaker_failures: Option<u32>,
    /// The interval between control requests while the circuit breaker is open, in milliseconds.
    /// Default: 500.
    pub circuit_breaker_probe_interval_ms: Option<u64>,
    /// Disables the circuit breaker. Default: false.
    #[serde(default)]
    pub without_circuit_breaker: bool,
    /// Seconds for which the cache holds claims, which is how long a revoked token may still be
    /// accepted; 0 disables the cache. Default: 60.
    pub cache_ttl_s: Option<u64>,
    /// Further seconds for which the claims are used while the authorization server is unavailable; at
    /// most 3600. Default: 0.
    pub cache_stale_if_error_s: Option<u64>,
    /// The scopes for which such stale claims are used; an empty list is none. Default: all.
    pub cache_stale_scopes: Option<Vec<String>>,
    /// The Redis or Valkey of a [shared cache](crate::shared_cache), as
    /// `redis://user:password@host:6379`, or `rediss://…` for TLS; of a cluster, some of its nodes.
    /// Default: none, and the cache is not shared.
    #[cfg(feature = "redis")]
    #[serde(default)]
    pub redis_urls: Vec<Secret>,
    /// Whether it is a cluster. Default: false.
    #[cfg(feature = "redis")]
    #[serde(default)]
    pub redis_cluster: bool,
    /// The secret that all instances share, at least 32 bytes. Required where there is a shared cache.
    #[cfg(feature = "redis")]
    pub redis_secret: Option<Secret>,
    /// The prefix of all keys in Redis. Default: `requires-auth`.
    #[cfg(feature = "redis")]
    pub redis_prefix: Option<String>,
    /// The most milliseconds that a request waits for Redis. Default: 100.
    #[cfg(feature = "redis")]
    pub redis_timeout_ms: Option<u64>,
    /// A PEM file with the certificates of the authorities that may issue the certificate of Redis.
    /// Default: those that the operating system trusts.
    #[cfg(feature = "redis")]
    pub redis_root_certificates: Option<std::path::PathBuf>,
    /// Whether tokens that are bound to a key are accepted, with a DPoP proof: `off`, `accepted` or `required`: see
    /// [`Dpop`](crate::Dpop). With `redis_urls`, instances share the proofs that were used. Default: `accepted`.
    #[cfg(feature = "dpop")]
    #[serde(default)]
    pub dpop: crate::DpopMode,
    /// The algorithms that DPoP proofs may be signed with. Default: see [`algorithms`](crate::Dpop::algorithms).
    #[cfg(feature = "dpop")]
    pub dpop_algorithms: Option<Vec<crate::SigningAlgorithm>>,
    /// Seconds by which the `iat` of a DPoP proof may be from now. Default: 300.
    #[cfg(feature = "dpop")]
    pub dpop_proof_window_s: Option<u64>,
    /// Whether DPoP proofs need a nonce of this server: see [`require_nonces`](crate::Dpop::require_nonces). Default: false.
    #[cfg(feature = "dpop")]
    #[serde(default)]
    pub dpop_require_nonces: bool,
    /// The key that authenticates these nonces, at least 32 bytes. Default: derived from `redis_secret`, or drawn at random.
    #[cfg(feature = "dpop")]
    pub dpop_nonce_key: Option<Secret>,
    /// Seconds for which a nonce is accepted. Default: 300.
    #[cfg(feature = "dpop")]
    pub dpop_nonce_lifetime_s: Option<u64>,
    /// What happens to a request with a DPoP proof while Redis does not answer: `reject` or `accept-unshared`. Default:
    /// `reject`.
    #[cfg(feature = "dpop")]
    #[serde(default)]
    pub dpop_on_replay_store_failure: crate::ReplayStoreFailure,
    /// The URL that clients write before the path of a request as this service gets it: see
    /// [`external_base_url`](crate::ResourceServerBuilder::external_base_url). Default: scheme, host and port of `resource`.
    #[cfg(feature = "dpop")]
    pub external_base_url: Option<String>,
    /// Where the certificate of a client is, for tokens that are bound to one: `connection`, or the header of a proxy,
    /// `client-cert`, `nginx`, `envoy` or `traefik`: see [`ClientCertificateSource`](crate::ClientCertificateSource).
    /// Default: `connection`, which the metadata does not mention.
    #[cfg(feature = "mtls")]
    pub client_certificate_source: Option<ClientCertificateLocation>,
    /// The IP addresses and networks of this proxy, such as `10.0.0.0/8`. Required with the header of a proxy.
    #[cfg(feature = "mtls")]
    #[serde(default)]
    pub client_certificate_proxies: Vec<String>,
    /// The name of this header. Default: see [`ProxyHeader`](crate::ProxyHeader).
    #[cfg(feature = "mtls")]
    pub client_certificate_header: Option<String>,
    /// The longest token that is accepted, in bytes. Default: 8192.
    pub max_token_length: Option<usize>,
    /// Seconds by which clocks may differ when `exp` and `nbf` are checked. Default: 0.
    #[serde(default)]
    pub leeway_s: u64,
    /// Accepts plain `http` to hosts other than this machine. Default: false.
    #[serde(default)]
    pub dangerously_allow_http: bool,
}
}

/// Rejects keys that are no setting.
fn only_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    only_known::deserialize(deserializer, SETTINGS)
}
