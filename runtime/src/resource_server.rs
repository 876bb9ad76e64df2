//! The resource server: what this program is, whom it trusts, and what it accepts.

mod builder;
#[cfg(feature = "introspection")]
mod config;
mod discovery_error;
mod metadata;
mod mismatch;
mod refusal_log;
mod refusals;
mod resource_identifier;
mod setup_error;
#[cfg(feature = "rmcp")]
mod token_status;
mod unknown_setting;

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;

use crate::authenticate::{Credentials, CredentialsError};
use crate::guard::RequestState;
use crate::policy::{Requirement, first_alternative};
use crate::rejection::{Challenge, ChallengeBase, Reason, TokenError};
use crate::resolve::SharedResolver;
use crate::telemetry::LogLimiter;
use crate::{AccessToken, AuthInfo, Claims, Condition, Rejection, ResolveError};

pub use crate::validate::AudienceCheck;
use crate::validate::Validation;
pub use builder::ResourceServerBuilder;
#[cfg(feature = "introspection")]
pub use config::{ClientAuthenticationMethod, ResourceServerConfig};
pub use discovery_error::DiscoveryError;
pub use metadata::ProtectedResourceMetadata;
pub(crate) use refusal_log::RequiredScopes;
pub(crate) use resource_identifier::ResourceIdentifier;
pub use setup_error::SetupError;
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
pub struct ResourceServer(Arc<Inner>);

struct Inner {
    identifier: ResourceIdentifier,
    challenge: ChallengeBase,
    max_token_length: usize,
    resolver: SharedResolver,
    validation: Validation,
    metadata: ProtectedResourceMetadata,
    log_limiter: LogLimiter,
}

/// Whether a caller is let in, as far as it is known at once.
pub(crate) enum Authentication {
    /// Nobody has to be asked.
    Now(Result<Option<(Claims, AccessToken)>, Rejection>),
    /// The token has to be resolved.
    Unknown(AccessToken),
}

impl ResourceServer {
    /// Starts with the resource identifier (RFC 8707): the URL that clients ask tokens for, as in
    /// `https://journal.example/mcp`. Tokens must name exactly this text as their audience.
    pub fn builder(resource: impl Into<String>) -> ResourceServerBuilder {
        ResourceServerBuilder::new(resource.into())
    }

    /// The resource identifier, as it was given.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.0.identifier.as_str()
    }

    /// Where the protected resource metadata is served (RFC 9728 §3.1); challenges name this URL.
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        self.0.identifier.metadata_url()
    }

    /// The protected resource metadata document (RFC 9728 §2).
    #[must_use]
    pub fn metadata(&self) -> &ProtectedResourceMetadata {
        &self.0.metadata
    }

    /// The path of [`metadata_url`](Self::metadata_url).
    #[must_use]
    pub fn metadata_path(&self) -> &str {
        self.0.identifier.metadata_path()
    }

    #[cfg(feature = "rmcp")]
    pub(crate) fn identifier(&self) -> &ResourceIdentifier {
        &self.0.identifier
    }

    /// Whether this is the same server, not only one with the same settings.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Authenticates a request by its `Authorization` header and checks the caller's scopes: the
    /// whole guard, for code that is not a handler of a supported framework.
    ///
    /// # Errors
    /// The [`Rejection`] to answer with.
    pub async fn authorize(
        &self,
        headers: &HeaderMap,
        condition: Condition,
    ) -> Result<AuthInfo, Rejection> {
        let requirement = Requirement::from(condition);
        match self.authenticated_caller(headers, requirement).await? {
            Some(caller) => caller.authorize(requirement),
            None => Err(self.reject_missing_token(requirement)),
        }
    }

    /// Forgets what is remembered of a token, so that the next request asks about it anew: call it
    /// when the token was revoked, or when what its holder may do has changed. With a shared cache,
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
        self.0.resolver.invalidate(token);
    }

    /// Who calls; `None` for a request without a bearer token. `requirement` is only for the
    /// challenge: it is not checked here.
    pub(crate) async fn authenticated_caller(
        &self,
        headers: &HeaderMap,
        requirement: Requirement,
    ) -> Result<Option<AuthInfo>, Rejection> {
        let admitted = self.admit(headers, requirement).await?;
        Ok(admitted.map(|(claims, token)| AuthInfo::new(claims, token, self.clone())))
    }

    /// What is known of who calls; the rest as in [`authenticated_caller`](Self::authenticated_caller).
    pub(crate) async fn admit(
        &self,
        headers: &HeaderMap,
        requirement: Requirement,
    ) -> Result<Option<(Claims, AccessToken)>, Rejection> {
        match self.authenticate_cached(headers, None, requirement) {
            Authentication::Now(admitted) => admitted,
            Authentication::Unknown(token) => {
                let resolved = self.resolve(&token).await;
                self.accept(resolved, token, requirement)
            }
        }
    }

    /// The same as far as it takes no waiting. `state` is what other guards of the same request have
    /// left.
    pub(crate) fn authenticate_cached(
        &self,
        headers: &HeaderMap,
        state: Option<&RequestState>,
        requirement: Requirement,
    ) -> Authentication {
        let token = match Credentials::read(headers, self.0.max_token_length) {
            Ok(Credentials::None) => return Authentication::Now(Ok(None)),
            Ok(Credentials::Bearer(token)) => token,
            Err(problem) => return Authentication::Now(Err(self.unreadable(problem, requirement))),
        };
        let shared = state.and_then(|state| state.outcome(self, &token)).cloned();
        match shared.or_else(|| self.0.resolver.cached(&token)) {
            Some(known) => Authentication::Now(self.accept(known, token, requirement)),
            None => Authentication::Unknown(token),
        }
    }

    pub(crate) async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        self.0.resolver.resolve(token).await
    }

    /// Validates the claims of a token.
    pub(crate) fn accept(
        &self,
        resolved: Result<Claims, ResolveError>,
        token: AccessToken,
        requirement: Requirement,
    ) -> Result<Option<(Claims, AccessToken)>, Rejection> {
        let challenge = || self.operation(requirement);
        let needs = RequiredScopes::of(&requirement);
        let claims = resolved
            .map_err(|error| self.reject(Rejection::unresolved(error, &challenge()), needs))?;
        self.0.validation.admit(&claims).map_err(|problem| {
            let rejection = Rejection::invalid_token(problem, &challenge());
            self.reject_claims(rejection, needs, &claims)
        })?;
        Ok(Some((claims, token)))
    }

    pub(crate) fn reject_missing_token(&self, requirement: Requirement) -> Rejection {
        let challenge = self.operation(requirement);
        let rejection = Rejection::challenging(Reason::MissingToken, &challenge);
        self.reject(rejection, RequiredScopes::of(&requirement))
    }

    fn unreadable(&self, problem: CredentialsError, requirement: Requirement) -> Rejection {
        let challenge = self.operation(requirement);
        let rejection = match problem {
            CredentialsError::Several => Rejection::challenging(Reason::InvalidRequest, &challenge),
            CredentialsError::Malformed => {
                Rejection::invalid_token(TokenError::Malformed, &challenge)
            }
            CredentialsError::TooLong => Rejection::invalid_token(TokenError::TooLong, &challenge),
        };
        self.reject(rejection, RequiredScopes::of(&requirement))
    }

    /// The challenge for a caller of whom nothing is known.
    fn operation(&self, requirement: Requirement) -> Challenge<'_> {
        self.challenge(first_alternative(&requirement.condition))
    }

    pub(crate) fn challenge<'a>(&'a self, scopes: Vec<&'a str>) -> Challenge<'a> {
        Challenge { base: &self.0.challenge, scopes }
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServer")
            .field("resource", &self.resource())
            .field("validation", &self.0.validation)
            .finish_non_exhaustive()
    }
}
