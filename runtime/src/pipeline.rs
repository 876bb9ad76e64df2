//! The stages before the decision: authenticate, resolve, validate.
//!
//! A token is resolved once for each request. The result is kept in the extensions of the request, for the
//! guards that run later.

use crate::TokenError;
use crate::authenticate::{Credentials, CredentialsError};
use crate::policy::{Requirement, first_alternative};
use crate::rejection::{Challenge, Reason};
use crate::request::RequestState;
use crate::resource_server::RequiredScopes;
use crate::trust::TrustedIssuer;
use crate::{
    AccessToken, AuthInfo, Claims, Condition, Rejection, RequestHead, ResolveError, ResourceServer,
};

/// The validated claims and their token; `None` for a request without a bearer token.
pub(crate) type Authenticated = Option<(Claims, AccessToken)>;

/// The result of the stages that need no `await`.
pub(crate) enum Progress {
    /// There is no token, the token is rejected, or its claims were cached.
    Complete(Result<Authenticated, Rejection>),
    /// The token must be resolved.
    Unresolved(AccessToken),
}

impl ResourceServer {
    /// Authenticates a request and decides whether the scopes of its caller meet the condition: the whole guard,
    /// for code that no framework integration covers. [`RequestHead`] has an example.
    ///
    /// # Errors
    /// The [`Rejection`] to answer with: [`Reason`] has its causes.
    pub async fn authorize<'a>(
        &self,
        request: impl Into<RequestHead<'a>>,
        condition: Condition,
    ) -> Result<AuthInfo, Rejection> {
        let requirement = Requirement::from(condition);
        match self.authenticated_caller(request.into(), requirement).await? {
            Some(caller) => caller.authorize(requirement),
            None => Err(self.reject_missing_token(requirement)),
        }
    }

    /// The caller; `None` for a request without a bearer token. `requirement` is only for the challenge: this
    /// function does not decide.
    pub(crate) async fn authenticated_caller(
        &self,
        mut request: RequestHead<'_>,
        requirement: Requirement,
    ) -> Result<Option<AuthInfo>, Rejection> {
        let authenticated = match self.authenticate(&request, requirement) {
            Progress::Complete(authenticated) => authenticated?,
            Progress::Unresolved(token) => {
                let resolved = self.resolve(&token, &mut request).await;
                self.validate(resolved, token, requirement)?
            }
        };
        Ok(authenticated.map(|(claims, token)| AuthInfo::new(claims, token, self.clone())))
    }

    /// The stage *authenticate*: reads the credentials. Continues with *validate* if the claims are in the
    /// extensions of the request or cached.
    pub(crate) fn authenticate(
        &self,
        request: &RequestHead<'_>,
        requirement: Requirement,
    ) -> Progress {
        let state: Option<&RequestState> = request.extensions().get();
        if let Some(state) = state {
            state.mark_guarded();
        }
        let token = match Credentials::read(request.headers(), self.max_token_length()) {
            Ok(Credentials::None) => return Progress::Complete(Ok(None)),
            Ok(Credentials::Bearer(token)) => token,
            Err(error) => {
                let rejection = self.reject_credentials(error, requirement);
                return Progress::Complete(Err(rejection));
            }
        };
        let resolved = state.and_then(|state| state.outcome(self, &token)).cloned();
        let Some(trusted) = self.trusted_issuers().of_token(&token) else {
            return Progress::Complete(Err(self.reject_issuer(requirement)));
        };
        match resolved.or_else(|| trusted.resolver.cached(&token)) {
            Some(resolved) => {
                Progress::Complete(self.validate_for(trusted, resolved, token, requirement))
            }
            None => Progress::Unresolved(token),
        }
    }

    /// The stage *resolve*: from the token to its claims.
    pub(crate) async fn resolve(
        &self,
        token: &AccessToken,
        request: &mut RequestHead<'_>,
    ) -> Result<Claims, ResolveError> {
        let resolved = self.resolve_token(token).await;
        let state = request.extensions_mut().get_or_insert_default::<RequestState>();
        state.add_outcome(self, token, &resolved);
        resolved
    }

    /// The stage *validate*: whether the claims are of a token that is valid now and meant for this server.
    pub(crate) fn validate(
        &self,
        resolved: Result<Claims, ResolveError>,
        token: AccessToken,
        requirement: Requirement,
    ) -> Result<Authenticated, Rejection> {
        match self.trusted_issuers().of_token(&token) {
            Some(trusted) => self.validate_for(trusted, resolved, token, requirement),
            None => Err(self.reject_issuer(requirement)),
        }
    }

    fn validate_for(
        &self,
        trusted: &TrustedIssuer,
        resolved: Result<Claims, ResolveError>,
        token: AccessToken,
        requirement: Requirement,
    ) -> Result<Authenticated, Rejection> {
        let challenge = || self.challenge_for(requirement);
        let required = RequiredScopes::of(&requirement);
        let claims = resolved.map_err(|error| {
            let rejection = Rejection::unresolved(error, &challenge());
            self.reject_token(rejection, required, trusted, None)
        })?;
        self.validation().validate(&claims, trusted).map_err(|error| {
            let rejection = Rejection::invalid_token(error, &challenge());
            self.reject_token(rejection, required, trusted, Some(&claims))
        })?;
        Ok(Some((claims, token)))
    }

    /// The rejection of a token of no trusted issuer.
    fn reject_issuer(&self, requirement: Requirement) -> Rejection {
        let challenge = self.challenge_for(requirement);
        let rejection = Rejection::invalid_token(TokenError::Issuer, &challenge);
        self.reject(rejection, RequiredScopes::of(&requirement))
    }

    pub(crate) fn reject_missing_token(&self, requirement: Requirement) -> Rejection {
        let challenge = self.challenge_for(requirement);
        let rejection = Rejection::challenging(Reason::MissingToken, &challenge);
        self.reject(rejection, RequiredScopes::of(&requirement))
    }

    fn reject_credentials(&self, error: CredentialsError, requirement: Requirement) -> Rejection {
        let challenge = self.challenge_for(requirement);
        let rejection = match error {
            CredentialsError::Several => Rejection::challenging(Reason::InvalidRequest, &challenge),
            CredentialsError::Malformed => {
                Rejection::invalid_token(TokenError::Malformed, &challenge)
            }
            CredentialsError::TooLong => Rejection::invalid_token(TokenError::TooLong, &challenge),
        };
        self.reject(rejection, RequiredScopes::of(&requirement))
    }

    /// The challenge for a caller without a valid token.
    fn challenge_for(&self, requirement: Requirement) -> Challenge<'_> {
        self.challenge(first_alternative(&requirement.condition))
    }
}
