//! The decisions about a caller, and the rejections where they are denied.

use super::{AuthInfo, InvalidAcr};
use crate::authenticate::Scheme;
use crate::decide::{
    Denial, decide, decide_authentication, decide_details, decide_requirement,
    decide_stale_details, decide_token,
};
use crate::policy::{
    DetailType, Requirement, TokenRequirement, UserAuthentication, challenge_scopes,
};
use crate::rejection::{Challenge, Reason};
use crate::resource_server::RequiredScopes;
use crate::scope::ListedScope;
use crate::{BindingError, Condition, Rejection, ScopeSet};

impl AuthInfo {
    /// Decides whether the caller may run an operation with this requirement.
    pub(crate) fn authorize(mut self, requirement: Requirement) -> Result<Self, Rejection> {
        self.inner_mut().declared = requirement;
        match decide_requirement(&self.0.claims, &requirement, &self.0.server) {
            Ok(()) => Ok(self),
            Err(denial) => Err(self.reject_denial(&denial, &[])),
        }
    }

    /// The same behind other guards of the same request, which require `outer`. Without an attribute of
    /// its own, a caller belongs to the guard that came last.
    pub(crate) fn authorize_after(
        mut self,
        mut outer: Vec<Requirement>,
        requirement: Requirement,
    ) -> Result<Self, Rejection> {
        let declared = if requirement.is_any_token() { outer.pop() } else { None };
        outer.retain(|outer| *outer != requirement);
        self.inner_mut().context.outer = outer;
        let mut caller = self.authorize(requirement)?;
        caller.inner_mut().declared = declared.unwrap_or(requirement);
        Ok(caller)
    }

    /// What the guards that this caller has passed require, the first guard first.
    pub(crate) fn requirements(&self) -> Vec<Requirement> {
        self.outer()
            .chain([&self.0.declared])
            .filter(|requirement| !requirement.is_any_token())
            .copied()
            .collect()
    }

    fn outer(&self) -> impl Iterator<Item = &Requirement> {
        self.0.context.outer.iter()
    }

    /// The same decision for an operation that this caller does not run yet. The challenge also names the scopes of a condition
    /// that is decided afterwards, so that a client can request all of them at once.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn check_before(
        &self,
        requirement: Requirement,
        further: impl FnOnce() -> Option<Condition>,
    ) -> Result<(), Rejection> {
        decide_requirement(&self.0.claims, &requirement, &self.0.server).map_err(|denial| {
            let mut caller = self.clone();
            caller.inner_mut().declared = requirement;
            let further = further().filter(|further| further.check().is_ok());
            let further = further.map(|further| caller.challenge_scopes(&further));
            caller.reject_denial(&denial, &further.unwrap_or_default())
        })
    }

    /// Whether scopes meet a condition in the resource server of this caller.
    pub(super) fn is_met<'a>(
        &'a self,
        condition: &'a Condition,
    ) -> impl Fn(&ScopeSet) -> bool + 'a {
        |granted| condition.is_met_in(self.0.server.definitions(), granted)
    }

    /// Whether the scopes of the caller meet a condition; of stale claims, those that may be used.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn has_scopes_for(&self, condition: &Condition) -> bool {
        self.is_met(condition)(self.scopes())
    }

    /// Whether the caller may still receive the results of an operation that it was authorized for. How long ago the user
    /// logged in is decided when an operation begins.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn keeps(&self, requirement: &Requirement) -> bool {
        let meets_token = requirement.token.is_none_or(|token| {
            let authentication = UserAuthentication { max_age: None, ..token.authentication };
            self.meets_token(&TokenRequirement { authentication, ..*token })
        });
        meets_token && decide(&self.0.claims, self.is_met(&requirement.condition)).is_ok()
    }

    /// Whether the caller may call an operation, as lists show it.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn may_call(&self, requirement: &Requirement) -> bool {
        requirement.token.is_none_or(|token| self.meets_token(token))
            && self.has_scopes_for(&requirement.condition)
    }

    fn meets_token(&self, required: &TokenRequirement) -> bool {
        decide_token(&self.0.claims, required, &self.0.server).is_ok()
            && decide_details(&self.0.claims, required, &self.0.server).is_ok()
    }

    /// Whether a scope, or one that implies it, is among `granted`.
    pub(super) fn is_granted(&self, scope: ListedScope<'_>, granted: &ScopeSet) -> bool {
        let defined = || self.0.server.definitions().get(scope.name);
        match scope.definition {
            Some(definition) => definition.is_granted(granted),
            None => {
                granted.contains(scope.name)
                    || defined().is_some_and(|definition| definition.is_granted(granted))
            }
        }
    }

    /// The scopes that a challenge to this caller names for a condition.
    pub(super) fn challenge_scopes(&self, condition: &Condition) -> Vec<&'static str> {
        challenge_scopes(condition, self.0.claims.granted(), self.0.server.definitions())
    }

    /// The rejection of a caller that has the scopes and may not perform this operation all the same: 403
    /// `access_denied`, without a challenge, since no other token of this caller would be accepted.
    ///
    /// It is the rejection of `when = …` in the attribute, for a condition that is not known before the function
    /// runs:
    ///
    /// ```
    /// use requires_auth::{AuthInfo, Rejection};
    ///
    /// fn may_delete(auth: &AuthInfo, owner: &str) -> Result<(), Rejection> {
    ///     if auth.subject() == Some(owner) { Ok(()) } else { Err(auth.access_denied()) }
    /// }
    /// ```
    ///
    /// It is logged and counted when it is created, so create it only to respond with it.
    #[must_use = "no request is rejected unless the function returns the `Rejection`"]
    pub fn access_denied(&self) -> Rejection {
        self.reject(Rejection::access_denied(), &[])
    }

    /// Whether the token is of this issuer, as far as this server has established it. An API key is of none.
    #[cfg(feature = "token-exchange")]
    pub(crate) fn is_issued_by(&self, issuer: &str) -> bool {
        let trusted = self.0.server.trusted_issuers().of_token(&self.0.token);
        trusted.is_some_and(|trusted| match (trusted.issuer.as_deref(), self.issuer()) {
            (Some(trusted), _) => trusted == issuer,
            (None, Some(claimed)) => claimed == issuer,
            (None, None) => false,
        })
    }

    /// The rejection if the token was not exchanged for one of another API.
    #[cfg(feature = "token-exchange")]
    pub(crate) fn reject_token_exchange(
        &self,
        error: &crate::token_exchange::TokenExchangeError,
    ) -> Rejection {
        self.reject(Rejection::token_not_exchanged(error.clone(), &self.challenge(&[])), &[])
    }

    /// The rejection if a condition on the arguments panicked.
    pub(crate) fn reject_panic(&self) -> Rejection {
        self.reject(Rejection::condition_panicked(), &[])
    }

    /// The rejection if the application has called one of these with an argument that has no meaning.
    pub(super) fn reject_misuse(
        &self,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Rejection {
        self.reject(Rejection::misconfigured(error), &[])
    }

    /// Decides, and makes the rejection of a denial. `further` are the scopes that the function requires
    /// beyond those of its attribute.
    pub(super) fn decide<'s>(
        &self,
        condition: impl Fn(&ScopeSet) -> bool,
        further: impl FnOnce() -> Vec<&'s str>,
    ) -> Result<(), Rejection> {
        match decide(&self.0.claims, condition) {
            Ok(()) => Ok(()),
            Err(denial) => Err(self.reject_denial(&denial, &further())),
        }
    }

    /// Requires a login while the function runs.
    pub(super) fn decide_authentication(
        &self,
        required: UserAuthentication<'_>,
    ) -> Result<(), Rejection> {
        decide_authentication(&self.0.claims, required, &self.0.server)
            .map_err(|denial| self.reject_denial(&denial, &[]))
    }

    /// Requires authorization details while the function runs.
    pub(super) fn reject_missing_details(&self, missing: DetailType) -> Rejection {
        self.reject_denial(&Denial::AuthorizationDetails(missing), &[])
    }

    /// Rejects the authorization details of stale claims, unless they may be used.
    pub(super) fn decide_stale_details(&self) -> Result<(), Rejection> {
        decide_stale_details(&self.0.claims).map_err(|denial| self.reject_denial(&denial, &[]))
    }

    /// The rejection of a denial, with its record.
    fn reject_denial(&self, denial: &Denial<'_>, further: &[&str]) -> Rejection {
        let server = &self.0.server;
        let rejection = match denial {
            Denial::NotSenderConstrained if !server.accepts_sender_constrained() => {
                Rejection::misconfigured(NotAccepted)
            }
            Denial::NotSenderConstrained => {
                let challenge = self.challenge(further).requiring(self.0.declared.token);
                Rejection::invalid_token(BindingError::RequiredByFunction.into(), &challenge)
            }
            Denial::UserAuthentication(_, required) if !required.is_quotable() => {
                Rejection::misconfigured(InvalidAcr)
            }
            Denial::UserAuthentication(error, required) => {
                let challenge = Challenge { authentication: *required, ..self.challenge(further) };
                Rejection::insufficient_user_authentication(*error, &challenge)
            }
            Denial::InsufficientScope => {
                Rejection::challenging(Reason::InsufficientScope, &self.challenge(further))
            }
            Denial::Stale(error) => {
                let challenge = server.challenge(self.scheme(), Vec::new());
                Rejection::unresolved((*error).clone(), &challenge)
            }
            Denial::AuthorizationDetails(_) => {
                let challenge = Challenge { scopes: Vec::new(), ..self.challenge(further) };
                Rejection::insufficient_authorization_details(&challenge)
            }
        };
        let needs = RequiredScopes::of(&self.0.declared).and(further);
        let rejection = server.reject_denial(rejection, needs, denial, &self.0.claims);
        self.observe(&rejection);
        rejection
    }

    /// The challenge to this caller: it names all scopes that are required.
    fn challenge<'a>(&'a self, further: &[&'a str]) -> Challenge<'a> {
        let requirements = self.outer().chain([&self.0.declared]);
        let declared =
            requirements.flat_map(|requirement| self.challenge_scopes(&requirement.condition));
        let mut scopes: Vec<&str> = Vec::new();
        for scope in declared.chain(further.iter().copied()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        self.0.server.challenge(self.scheme(), scopes)
    }

    /// The scheme that the caller has used: a token that is bound to a key is accepted with a proof only.
    fn scheme(&self) -> Scheme {
        let confirmation = self.0.claims.confirmation();
        match confirmation.and_then(|confirmation| confirmation.jkt) {
            Some(_) => Scheme::Dpop,
            None => Scheme::Bearer,
        }
    }

    /// Records a rejection, and passes it to the observer.
    fn reject(&self, rejection: Rejection, further: &[&str]) -> Rejection {
        let rejection =
            self.0.server.reject(rejection, RequiredScopes::of(&self.0.declared).and(further));
        self.observe(&rejection);
        rejection
    }

    /// Passes a rejection of this caller's request to the observer.
    pub(crate) fn observe(&self, rejection: &Rejection) {
        let observer = self.0.context.observer.as_ref();
        if let Some(observer) = observer {
            observer.rejected(rejection);
        }
    }
}

/// The function requires a token that is bound to its holder, and the resource server accepts none.
#[derive(Debug, thiserror::Error)]
#[error("the function requires a token that is bound to its holder, and this server accepts none")]
struct NotAccepted;
