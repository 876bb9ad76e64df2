//! The resource server: its identifier, the issuers that it trusts, and the tokens that it accepts.

mod builder;
#[cfg(feature = "introspection")]
mod config;
mod discovery_error;
mod jwt_mismatch;
mod metadata;
mod mismatch;
mod rejection_log;
mod rejections;
mod resource_identifier;
mod setting_name;
mod setup_error;
mod single_value;
#[cfg(feature = "rmcp")]
mod token_status;
mod unknown_setting;

use std::fmt;
use std::sync::Arc;

use thread_local::ThreadLocal;

#[cfg(feature = "mtls")]
use crate::authenticate::ClientCertificates;
#[cfg(feature = "dpop")]
use crate::authenticate::DpopVerifier;
use crate::authenticate::Scheme;
use crate::policy::{ScopeDefinitions, UserAuthentication};
use crate::rejection::{Challenge, ChallengeBase};
use crate::telemetry::LogLimiter;
use crate::trust::TrustedIssuers;
use crate::validate::Validation;
use crate::{AccessToken, Claims, ResolveError, ScopeDefinition, TokenError};
pub use builder::ResourceServerBuilder;
#[cfg(all(feature = "introspection", feature = "mtls"))]
pub use config::ClientCertificateLocation;
#[cfg(feature = "jwt")]
pub use config::Mode;
#[cfg(feature = "introspection")]
pub use config::{ClientAuthenticationMethod, ResourceServerConfig};
pub use discovery_error::DiscoveryError;
pub use metadata::ProtectedResourceMetadata;
pub(crate) use rejection_log::{RejectedToken, RequiredScopes};
pub(crate) use resource_identifier::ResourceIdentifier;
pub use setting_name::SettingName;
pub use setup_error::SetupError;
pub(crate) use single_value::SingleValue;
#[cfg(feature = "rmcp")]
pub(crate) use token_status::TokenStatus;
pub use unknown_setting::UnknownSettingError;

/// A protected resource (RFC 6749 §1.1): the program whose functions are guarded.
///
/// Built once and kept in the application's state; cheap to clone.
///
/// ```
/// # #[cfg(feature = "introspection")] {
/// use requires_auth::{Introspection, ResourceServer};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let introspection = Introspection::builder("https://auth.example/oauth2/introspect")
///     .client_secret_basic("journal", "the client's secret")
///     .build()?;
/// let server = ResourceServer::builder("https://journal.example/mcp")
///     .issuer("https://auth.example")
///     .resolver(introspection)
///     .build()?;
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
#[derive(Clone)]
pub struct ResourceServer(Arc<Pointer>);

/// What is cloned for each request is a pointer of the thread, so that threads do not write to a common reference count.
struct Pointer {
    inner: Arc<Inner>,
    /// The pointers of the threads; `None` in one of those.
    of_threads: Option<Box<ThreadLocal<Arc<Self>>>>,
}

struct Inner {
    identifier: ResourceIdentifier,
    challenge: ChallengeBase,
    max_token_length: usize,
    trusted_issuers: TrustedIssuers,
    validation: Validation,
    metadata: ProtectedResourceMetadata,
    scope_definitions: ScopeDefinitions,
    log_limiter: LogLimiter,
    /// `None` where the scheme `DPoP` is not accepted.
    #[cfg(feature = "dpop")]
    dpop: Option<DpopVerifier>,
    #[cfg(feature = "mtls")]
    client_certificates: ClientCertificates,
}

impl ResourceServer {
    /// Starts with the resource identifier (RFC 8707): the URL that clients request tokens for, as in
    /// `https://journal.example/mcp`. Tokens must name exactly this text as their audience.
    pub fn builder(resource: impl Into<String>) -> ResourceServerBuilder {
        ResourceServerBuilder::new(resource.into())
    }

    fn with(inner: Inner) -> Self {
        let of_threads = Some(Box::default());
        Self(Arc::new(Pointer { inner: Arc::new(inner), of_threads }))
    }

    fn inner(&self) -> &Inner {
        &self.0.inner
    }

    /// The same server, for a caller of one request.
    pub(crate) fn of_this_thread(&self) -> Self {
        let new = || Arc::new(Pointer { inner: Arc::clone(&self.0.inner), of_threads: None });
        let pointer = self.0.of_threads.as_ref().map(|pointers| pointers.get_or(new));
        Self(Arc::clone(pointer.unwrap_or(&self.0)))
    }

    /// The resource identifier, as it was given.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.inner().identifier.as_str()
    }

    /// Where the protected resource metadata is served (RFC 9728 §3.1); challenges name this URL.
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        self.inner().identifier.metadata_url()
    }

    /// The protected resource metadata document (RFC 9728 §2).
    #[must_use]
    pub fn metadata(&self) -> &ProtectedResourceMetadata {
        &self.inner().metadata
    }

    /// The path of [`metadata_url`](Self::metadata_url).
    #[must_use]
    pub fn metadata_path(&self) -> &str {
        self.inner().identifier.metadata_path()
    }

    #[cfg(any(feature = "axum", feature = "rmcp"))]
    pub(crate) fn identifier(&self) -> &ResourceIdentifier {
        &self.inner().identifier
    }

    /// Whether this is the same server, not only one with the same settings.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.inner, &other.0.inner)
    }

    /// Removes a token from the cache, so that it is resolved again for the next request. Call it when the token was
    /// revoked, or when its scopes have changed. With a shared cache,
    /// other instances invalidate it as well, within a second where the store can be reached.
    ///
    /// ```
    /// use requires_auth::{AuthInfo, ResourceServer, requires_auth};
    /// use axum::extract::State;
    ///
    /// /// For clients that have revoked their token (RFC 7009).
    /// #[requires_auth]
    /// async fn sign_out(auth: AuthInfo, State(server): State<ResourceServer>) {
    ///     server.invalidate(auth.token());
    /// }
    /// ```
    pub fn invalidate(&self, token: &AccessToken) {
        if let Some(trusted) = self.inner().trusted_issuers.of_token(token) {
            trusted.resolver.invalidate(token);
        }
    }

    pub(crate) fn trusted_issuers(&self) -> &TrustedIssuers {
        &self.inner().trusted_issuers
    }

    /// Resolves a token with the resolver of its issuer.
    pub(crate) async fn resolve_token(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        match self.inner().trusted_issuers.of_token(token) {
            Some(trusted) => trusted.resolver.resolve(token).await,
            None => Err(TokenError::Issuer.into()),
        }
    }

    pub(crate) fn validation(&self) -> &Validation {
        &self.inner().validation
    }

    #[cfg(feature = "dpop")]
    pub(crate) fn dpop(&self) -> Option<&DpopVerifier> {
        self.inner().dpop.as_ref()
    }

    /// Whether DPoP proofs need a nonce.
    #[cfg(feature = "dpop")]
    pub(crate) fn requires_nonces(&self) -> bool {
        self.inner().dpop.as_ref().is_some_and(DpopVerifier::requires_nonces)
    }

    #[cfg(all(not(feature = "dpop"), feature = "tower"))]
    #[expect(clippy::unused_self, reason = "with the feature `dpop`, it reads the settings")]
    pub(crate) const fn requires_nonces(&self) -> bool {
        false
    }

    #[cfg(feature = "mtls")]
    pub(crate) fn client_certificates(&self) -> &ClientCertificates {
        &self.inner().client_certificates
    }

    pub(crate) fn max_token_length(&self) -> usize {
        self.inner().max_token_length
    }

    /// The names that clients request scopes by.
    #[cfg(any(feature = "rmcp", feature = "utoipa"))]
    pub(crate) fn requested_scopes(&self) -> &crate::scope::RequestedScopes {
        self.inner().challenge.requested_scopes()
    }

    /// The scopes of the [vocabularies](ResourceServerBuilder::scopes) of this server, in the order of the enums.
    ///
    /// ```
    /// # use requires_auth::ResourceServer;
    /// fn print_scopes(server: &ResourceServer) {
    ///     for scope in server.scope_definitions() {
    ///         println!("{}: {}", scope.name(), scope.description().unwrap_or_default());
    ///     }
    /// }
    /// ```
    pub fn scope_definitions(&self) -> impl Iterator<Item = &'static ScopeDefinition> {
        self.inner().scope_definitions.iter()
    }

    pub(crate) fn definitions(&self) -> &ScopeDefinitions {
        &self.inner().scope_definitions
    }

    /// A challenge with these scopes, without those that another one of them implies.
    pub(crate) fn challenge<'a>(&'a self, scheme: Scheme, scopes: Vec<&'a str>) -> Challenge<'a> {
        let scopes = self.definitions().without_implied(scopes);
        Challenge {
            base: &self.inner().challenge,
            scheme,
            scopes,
            authentication: UserAuthentication::default(),
            sender_constrained: false,
        }
    }

    /// Whether a location of authorization details (RFC 9396 §2.2) is of this resource server.
    pub(crate) fn is_location(&self, location: &str) -> bool {
        self.inner().identifier.has_origin_of(location)
    }

    /// Whether there are tokens that are bound to their holder and that this server accepts.
    pub(crate) fn accepts_sender_constrained(&self) -> bool {
        self.inner().challenge.accepts_sender_constrained()
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServer")
            .field("resource", &self.resource())
            .field("trusted_issuers", &self.inner().trusted_issuers)
            .field("validation", &self.inner().validation)
            .finish_non_exhaustive()
    }
}
