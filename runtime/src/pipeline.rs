//! The stages before the decision: authenticate, resolve, validate.
//!
//! Most tokens come with the scheme `Bearer` and have cached claims: then [`ResourceServer::authenticate`] does all, without
//! an `await`. What else there is to do is its [`Progress`].
//!
//! A token is resolved once for each request. The result is kept in the extensions of the request, for the
//! guards that run later.

#[cfg(feature = "dpop")]
mod possession;
#[cfg(not(feature = "dpop"))]
mod without_possession;

use crate::TokenError;
use crate::authenticate::{Credentials, CredentialsError, PresentedToken, Scheme};
use crate::policy::Requirement;
use crate::rejection::Reason;
use crate::request::RequestState;
use crate::resource_server::{RejectedToken, RequiredScopes};
use crate::trust::TrustedIssuer;
use crate::validate::binding::{self, Shown};
use crate::{AccessToken, AuthInfo, Claims, Rejection, RequestHead, ResolveError, ResourceServer};

/// The validated claims and their token; `None` for a request without a token.
pub(crate) type Authenticated = Option<(Claims, AccessToken)>;

/// How far the authentication of a request is.
pub(crate) enum Progress {
    /// There is no token, the token is rejected, or all is known: its claims were cached.
    Complete(Result<Authenticated, Rejection>),
    /// Something must be waited for.
    Pending(Pending),
}

/// What a request waits for.
pub(crate) enum Pending {
    /// The token must be resolved.
    Unresolved(PresentedToken),
    /// The token is valid, and the use of its proof must be recorded in the store that instances share.
    #[cfg(feature = "dpop")]
    Unrecorded(Claims, PresentedToken),
}

impl ResourceServer {
    /// Authenticates a request and decides whether its caller meets the requirement: the whole guard, for code that no
    /// framework integration covers. [`RequestHead`] has an example. The requirement is a [`Condition`](crate::Condition)
    /// on the scopes, or a [`Requirement`], which can also require a bound token, a login, or authorization details.
    ///
    /// # Errors
    /// The [`Rejection`] to answer with: [`Reason`] has its causes.
    pub async fn authorize<'a>(
        &self,
        request: impl Into<RequestHead<'a>>,
        requirement: impl Into<Requirement>,
    ) -> Result<AuthInfo, Rejection> {
        let requirement = requirement.into();
        let caller = self.caller(&mut request.into(), RequiredScopes::of(&requirement)).await?;
        caller.authorize(requirement)
    }

    /// Authenticates a request, and decides nothing. The caller of this function decides.
    pub(crate) async fn caller(
        &self,
        request: &mut RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Result<AuthInfo, Rejection> {
        let authenticated = match self.authenticate(request, required) {
            Progress::Complete(authenticated) => authenticated,
            Progress::Pending(pending) => self.complete(pending, request, required).await,
        };
        match authenticated? {
            Some((claims, token)) => Ok(AuthInfo::new(claims, token, self.of_this_thread())),
            None => Err(self.reject_missing_token(required)),
        }
    }

    /// The stage *authenticate*: reads the credentials. Continues with *validate* if the claims are in the
    /// extensions of the request or cached. `required` is only for the challenge and the log: this function does not decide.
    pub(crate) fn authenticate(
        &self,
        request: &mut RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Progress {
        let state: Option<&RequestState> = request.extensions().get();
        if let Some(state) = state {
            state.mark_guarded();
        }
        let read =
            Credentials::read(request.headers(), self.max_token_length(), self.accepts_dpop());
        let presented = match read {
            Ok(Credentials::None) => return Progress::Complete(Ok(None)),
            Ok(Credentials::Token(Scheme::Bearer, token)) => PresentedToken::bearer(token),
            Ok(Credentials::Token(Scheme::Dpop, token)) => {
                match self.verify_proof(request, token, required) {
                    Ok(presented) => presented,
                    Err(rejection) => return Progress::Complete(Err(rejection)),
                }
            }
            Err(error) => {
                let rejection = self.reject_credentials(error, required);
                return Progress::Complete(Err(rejection));
            }
        };
        let token = &presented.token;
        let state: Option<&RequestState> = request.extensions().get();
        let resolved = state.and_then(|state| state.outcome(self, token)).cloned();
        let trusted = self.trusted_issuers().of_token(token);
        let known = || match trusted {
            Some(trusted) => trusted.resolver.cached(token),
            None => Some(Err(TokenError::Issuer.into())),
        };
        match resolved.or_else(known) {
            Some(resolved) => self.validate_for(trusted, resolved, presented, request, required),
            None => Progress::Pending(Pending::Unresolved(presented)),
        }
    }

    /// The rest of the authentication.
    pub(crate) async fn complete(
        &self,
        pending: Pending,
        request: &mut RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Result<Authenticated, Rejection> {
        let mut progress = Progress::Pending(pending);
        loop {
            progress = match progress {
                Progress::Complete(authenticated) => return authenticated,
                Progress::Pending(Pending::Unresolved(presented)) => {
                    let resolved = self.resolve_token(&presented.token).await;
                    self.validate(resolved, presented, request, required)
                }
                #[cfg(feature = "dpop")]
                Progress::Pending(Pending::Unrecorded(claims, presented)) => {
                    self.record_shared(&presented, required).await?;
                    Progress::Complete(Ok(Some(self.recorded(claims, presented, request))))
                }
            }
        }
    }

    /// The stage *validate*: whether the claims are of a token that is valid now and meant for this server, and the caller
    /// is its holder. Keeps the result of the stage *resolve* in the extensions of the request.
    pub(crate) fn validate(
        &self,
        resolved: Result<Claims, ResolveError>,
        presented: PresentedToken,
        request: &mut RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Progress {
        if let Some(extensions) = request.extensions_mut() {
            let state = extensions.get_or_insert_default::<RequestState>();
            state.add_outcome(self, &presented.token, &resolved);
        }
        let trusted = self.trusted_issuers().of_token(&presented.token);
        self.validate_for(trusted, resolved, presented, request, required)
    }

    /// `trusted`: the issuer of the token; `None` for a token of no trusted issuer.
    fn validate_for(
        &self,
        trusted: Option<&TrustedIssuer>,
        resolved: Result<Claims, ResolveError>,
        presented: PresentedToken,
        request: &mut RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Progress {
        match self.validated(trusted, resolved, &presented, request, required) {
            Ok(claims) => self.record_proof(claims, presented, request, required),
            Err(rejection) => Progress::Complete(Err(rejection)),
        }
    }

    fn validated(
        &self,
        trusted: Option<&TrustedIssuer>,
        resolved: Result<Claims, ResolveError>,
        presented: &PresentedToken,
        request: &RequestHead<'_>,
        required: RequiredScopes<'_>,
    ) -> Result<Claims, Rejection> {
        let challenge =
            || self.challenge(presented.scheme(), required.declared()).requiring(required.token());
        let rejected = |claims| RejectedToken { token: &presented.token, trusted, claims };
        let claims = resolved.map_err(|error| {
            let rejection = Rejection::unresolved(error, &challenge());
            self.reject_token(rejection, required, rejected(None))
        })?;
        let validated = trusted.ok_or(TokenError::Issuer);
        let validated = validated.and_then(|trusted| self.validation().validate(&claims, trusted));
        let validated = validated.and_then(|()| self.check_binding(&claims, presented, request));
        validated.map_err(|error| {
            let rejection = Rejection::invalid_token(error, &challenge());
            self.reject_token(rejection, required, rejected(Some(&claims)))
        })?;
        Ok(claims)
    }

    /// Whether the caller is the holder of the token.
    #[cfg_attr(
        not(feature = "mtls"),
        expect(unused_variables, reason = "only a certificate is in it")
    )]
    fn check_binding(
        &self,
        claims: &Claims,
        presented: &PresentedToken,
        request: &RequestHead<'_>,
    ) -> Result<(), TokenError> {
        let shown = Shown {
            proof_key: presented.proof_key(),
            requires_proof: self.requires_dpop(),
            certificate: || {
                #[cfg(feature = "mtls")]
                return self.client_certificates().thumbprint(request);
                #[cfg(not(feature = "mtls"))]
                Err(crate::BindingError::NoCertificate)
            },
        };
        Ok(binding::check(claims, shown)?)
    }

    pub(crate) fn reject_missing_token(&self, required: RequiredScopes<'_>) -> Rejection {
        let challenge = self.challenge(Scheme::Bearer, required.all()).requiring(required.token());
        let rejection = Rejection::challenging(Reason::MissingToken, &challenge);
        self.reject(rejection, required)
    }

    fn reject_credentials(
        &self,
        error: CredentialsError,
        required: RequiredScopes<'_>,
    ) -> Rejection {
        let challenge =
            self.challenge(Scheme::Bearer, required.declared()).requiring(required.token());
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
