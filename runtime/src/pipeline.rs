//! The stages before the decision: authenticate, resolve, validate.
//!
//! A token is resolved once for each request. The result is kept in the extensions of the request, for the
//! guards that run later.

use crate::TokenError;
use crate::authenticate::{Credentials, CredentialsError};
use crate::policy::Requirement;
use crate::rejection::Reason;
use crate::request::RequestState;
use crate::resource_server::{RejectedToken, RequiredScopes};
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
        let required = RequiredScopes::of(&requirement);
        match self.authenticated_caller(request.into(), required).await? {
            Some(caller) => caller.authorize(requirement),
            None => Err(self.reject_missing_token(required)),
        }
    }

    /// The caller; `None` for a request without a bearer token. `required` is only for the challenge and the
    /// log: this function does not decide.
    pub(crate) async fn authenticated_caller(
        &self,
        mut request: RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Result<Option<AuthInfo>, Rejection> {
        let authenticated = match self.authenticate(&request, required) {
            Progress::Complete(authenticated) => authenticated?,
            Progress::Unresolved(token) => {
                let resolved = self.resolve(&token, &mut request).await;
                self.validate(resolved, token, required)?
            }
        };
        Ok(authenticated.map(|(claims, token)| AuthInfo::new(claims, token, self.clone())))
    }

    /// The stage *authenticate*: reads the credentials. Continues with *validate* if the claims are in the
    /// extensions of the request or cached.
    pub(crate) fn authenticate(
        &self,
        request: &RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Progress {
        let state: Option<&RequestState> = request.extensions().get();
        if let Some(state) = state {
            state.mark_guarded();
        }
        let token = match Credentials::read(request.headers(), self.max_token_length()) {
            Ok(Credentials::None) => return Progress::Complete(Ok(None)),
            Ok(Credentials::Bearer(token)) => token,
            Err(error) => {
                let rejection = self.reject_credentials(error, required);
                return Progress::Complete(Err(rejection));
            }
        };
        let resolved = state.and_then(|state| state.outcome(self, &token)).cloned();
        let Some(trusted) = self.trusted_issuers().of_token(&token) else {
            return Progress::Complete(Err(self.reject_issuer(&token, required)));
        };
        match resolved.or_else(|| trusted.resolver.cached(&token)) {
            Some(resolved) => {
                Progress::Complete(self.validate_for(trusted, resolved, token, required))
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
        if let Some(extensions) = request.extensions_mut() {
            let state = extensions.get_or_insert_default::<RequestState>();
            state.add_outcome(self, token, &resolved);
        }
        resolved
    }

    /// The stage *validate*: whether the claims are of a token that is valid now and meant for this server.
    pub(crate) fn validate(
        &self,
        resolved: Result<Claims, ResolveError>,
        token: AccessToken,
        required: RequiredScopes<'_>,
    ) -> Result<Authenticated, Rejection> {
        match self.trusted_issuers().of_token(&token) {
            Some(trusted) => self.validate_for(trusted, resolved, token, required),
            None => Err(self.reject_issuer(&token, required)),
        }
    }

    fn validate_for(
        &self,
        trusted: &TrustedIssuer,
        resolved: Result<Claims, ResolveError>,
        token: AccessToken,
        required: RequiredScopes<'_>,
    ) -> Result<Authenticated, Rejection> {
        let challenge = || self.challenge(required.declared());
        let rejected = |claims| RejectedToken { token: &token, trusted: Some(trusted), claims };
        let claims = resolved.map_err(|error| {
            let rejection = Rejection::unresolved(error, &challenge());
            self.reject_token(rejection, required, rejected(None))
        })?;
        self.validation().validate(&claims, trusted).map_err(|error| {
            let rejection = Rejection::invalid_token(error, &challenge());
            self.reject_token(rejection, required, rejected(Some(&claims)))
        })?;
        Ok(Some((claims, token)))
    }

    /// The rejection of a token of no trusted issuer.
    fn reject_issuer(&self, token: &AccessToken, required: RequiredScopes<'_>) -> Rejection {
        let challenge = self.challenge(required.declared());
        let rejection = Rejection::invalid_token(TokenError::Issuer, &challenge);
        self.reject_token(rejection, required, RejectedToken { token, trusted: None, claims: None })
    }

    pub(crate) fn reject_missing_token(&self, required: RequiredScopes<'_>) -> Rejection {
        let challenge = self.challenge(required.all());
        let rejection = Rejection::challenging(Reason::MissingToken, &challenge);
        self.reject(rejection, required)
    }

    fn reject_credentials(
        &self,
        error: CredentialsError,
        required: RequiredScopes<'_>,
    ) -> Rejection {
        let challenge = self.challenge(required.declared());
        let rejection = match error {
            CredentialsError::Several => Rejection::challenging(Reason::InvalidRequest, &challenge),
            CredentialsError::Malformed => {
                Rejection::invalid_token(TokenError::Malformed, &challenge)
            }
            CredentialsError::TooLong => Rejection::invalid_token(TokenError::TooLong, &challenge),
        };
        self.reject(rejection, required)
    }
}
