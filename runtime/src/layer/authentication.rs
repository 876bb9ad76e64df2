//! The stages before *decide*, as every layer of this crate runs them.

use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;

use crate::authenticate::PresentedToken;
use crate::pipeline::{Authenticated, Pending, Progress};
use crate::policy::{Requirement, TokenRequirement, first_alternative};
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Claims, Rejection, RequestHead, ResolveError, ResourceServer};

/// The authentication of one request. Its result is the caller; `None` for a request without a token, where the
/// layer accepts such requests.
pub(crate) enum Authentication {
    /// There is no token, the token is rejected, or all is known.
    Complete(Result<Option<AuthInfo>, Rejection>),
    /// Something must be waited for.
    Pending(Step),
}

/// A step that waits: the resolution of a token, or the record of a proof in a store that instances share. Boxed, since
/// the types of the resolver and of the store are erased. A request whose claims are cached has none.
pub(crate) type Step = Pin<Box<dyn Future<Output = Stepped> + Send>>;

/// What is known after a step.
pub(crate) struct Stepped {
    result: StepResult,
    settings: AuthenticationSettings,
}

enum StepResult {
    /// The token is resolved, and not yet validated.
    Resolved(PresentedToken, Result<Claims, ResolveError>),
    /// The token is valid, and whether its proof was used for the first time is known.
    #[cfg(feature = "dpop")]
    Recorded(Claims, PresentedToken, Result<(), Rejection>),
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
    /// These scopes: those of several requirements, or of an MCP request whose operation is not read yet. And what the
    /// token must meet besides; of several requirements, the first one that says so.
    Scopes(Arc<[String]>, Option<&'static TokenRequirement>),
}

impl Challenged {
    /// The first alternative of each of these requirements, and the first requirement on the token.
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
                let token = several.iter().find_map(|requirement| requirement.token);
                Self::Scopes(scopes.into(), token)
            }
        }
    }

    pub(super) fn scopes(&self) -> RequiredScopes<'_> {
        match self {
            Self::Requirement(requirement) => RequiredScopes::of(requirement),
            Self::Scopes(scopes, token) => RequiredScopes::listed(scopes, *token),
        }
    }
}

impl Authentication {
    /// Reads the credentials of a request, and validates their claims if these are cached.
    pub(crate) fn begin(settings: &AuthenticationSettings, head: &mut Parts) -> Self {
        let mut head = RequestHead::from(head);
        Self::of(settings, settings.server.authenticate(&mut head, settings.challenged.scopes()))
    }

    fn of(settings: &AuthenticationSettings, progress: Progress) -> Self {
        match progress {
            Progress::Complete(authenticated) => {
                Self::Complete(authenticated.and_then(|it| settings.caller(it)))
            }
            Progress::Pending(Pending::Unresolved(presented)) => {
                let settings = settings.clone();
                Self::Pending(Box::pin(async move {
                    let resolved = settings.server.resolve_token(&presented.token).await;
                    Stepped { result: StepResult::Resolved(presented, resolved), settings }
                }))
            }
            #[cfg(feature = "dpop")]
            Progress::Pending(Pending::Unrecorded(claims, presented)) => {
                let settings = settings.clone();
                Self::Pending(Box::pin(async move {
                    let required = settings.challenged.scopes();
                    let recorded = settings.server.record_shared(&presented, required).await;
                    Stepped { result: StepResult::Recorded(claims, presented, recorded), settings }
                }))
            }
        }
    }
}

impl Stepped {
    /// Continues the authentication of the request with this head.
    pub(crate) fn proceed(self, head: &mut Parts) -> Authentication {
        let Self { result, settings } = self;
        let mut head = RequestHead::from(head);
        let progress = match result {
            StepResult::Resolved(presented, resolved) => {
                let required = settings.challenged.scopes();
                settings.server.validate(resolved, presented, &mut head, required)
            }
            #[cfg(feature = "dpop")]
            StepResult::Recorded(claims, presented, recorded) => {
                let server = &settings.server;
                Progress::Complete(
                    recorded.map(|()| Some(server.recorded(claims, presented, &mut head))),
                )
            }
        };
        Authentication::of(&settings, progress)
    }
}

impl AuthenticationSettings {
    fn caller(&self, authenticated: Authenticated) -> Result<Option<AuthInfo>, Rejection> {
        match authenticated {
            Some((claims, token)) => {
                Ok(Some(AuthInfo::new(claims, token, self.server.of_this_thread())))
            }
            None if self.optional => Ok(None),
            None => Err(self.server.reject_missing_token(self.challenged.scopes())),
        }
    }
}
