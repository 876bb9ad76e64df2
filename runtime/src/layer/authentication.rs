//! The stages before *decide*, as every layer of this crate runs them.

use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;

use crate::pipeline::{Authenticated, Progress};
use crate::policy::{Requirement, first_alternative};
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::{AccessToken, AuthInfo, Claims, Rejection, RequestHead, ResolveError, ResourceServer};

/// The authentication of one request. Its result is the caller; `None` for a request without a token, where the
/// layer accepts such requests.
pub(crate) enum Authentication {
    /// There is no token, the token is rejected, or its claims were cached.
    Complete(Result<Option<AuthInfo>, Rejection>),
    /// The token must be resolved.
    Unresolved(Resolution),
}

/// The resolution of a token. Boxed, since the type of the resolver is erased. A request whose claims are cached
/// has none.
pub(crate) type Resolution = Pin<Box<dyn Future<Output = Resolved> + Send>>;

/// A token that is resolved and not yet validated.
pub(crate) struct Resolved {
    token: AccessToken,
    outcome: Result<Claims, ResolveError>,
    settings: AuthenticationSettings,
}

/// What the authentication of one request depends on, besides the request.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticationSettings {
    pub(crate) server: ResourceServer,
    /// For the challenge only: a layer decides afterwards.
    pub(crate) challenged: Challenged,
    /// Whether a request without a token is accepted.
    pub(crate) optional: bool,
}

/// What a challenge to a request without a valid token names.
#[derive(Debug, Clone)]
pub(crate) enum Challenged {
    Requirement(Requirement),
    /// These scopes: those of several requirements, or of an MCP request whose operation is not read yet.
    Scopes(Arc<[String]>),
}

impl Challenged {
    /// The first alternative of each of these requirements.
    pub(super) fn of(requirements: &[Requirement]) -> Self {
        match requirements {
            [only] => Self::Requirement(*only),
            several => {
                let mut scopes: Vec<String> = Vec::new();
                for scope in several.iter().flat_map(|it| first_alternative(&it.condition)) {
                    if !scopes.iter().any(|known| known == scope) {
                        scopes.push(scope.to_owned());
                    }
                }
                Self::Scopes(scopes.into())
            }
        }
    }

    pub(super) fn scopes(&self) -> RequiredScopes<'_> {
        match self {
            Self::Requirement(requirement) => RequiredScopes::of(requirement),
            Self::Scopes(scopes) => RequiredScopes::listed(scopes),
        }
    }
}

impl Authentication {
    /// Reads the credentials of a request, and validates their claims if these are cached.
    pub(crate) fn begin(settings: &AuthenticationSettings, head: &mut Parts) -> Self {
        match settings.server.authenticate(&RequestHead::from(head), settings.challenged.scopes()) {
            Progress::Complete(authenticated) => {
                Self::Complete(authenticated.and_then(|it| settings.caller(it)))
            }
            Progress::Unresolved(token) => {
                let settings = settings.clone();
                Self::Unresolved(Box::pin(async move {
                    let outcome = settings.server.resolve_token(&token).await;
                    Resolved { token, outcome, settings }
                }))
            }
        }
    }
}

impl Resolved {
    /// Validates the claims. Keeps the outcome in the extensions of the request.
    pub(crate) fn validate(self, head: &mut Parts) -> Result<Option<AuthInfo>, Rejection> {
        let Self { token, outcome, settings } = self;
        let state = head.extensions.get_or_insert_default::<RequestState>();
        state.add_outcome(&settings.server, &token, &outcome);
        let authenticated =
            settings.server.validate(outcome, token, settings.challenged.scopes())?;
        settings.caller(authenticated)
    }
}

impl AuthenticationSettings {
    fn caller(&self, authenticated: Authenticated) -> Result<Option<AuthInfo>, Rejection> {
        match authenticated {
            Some((claims, token)) => Ok(Some(AuthInfo::new(claims, token, self.server.clone()))),
            None if self.optional => Ok(None),
            None => Err(self.server.reject_missing_token(self.challenged.scopes())),
        }
    }
}
