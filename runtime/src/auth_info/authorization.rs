//! The decisions about a caller, and the rejections of those that are denied.

use super::AuthInfo;
use crate::decide::{Denial, decide};
use crate::policy::{Requirement, challenge_scopes};
use crate::rejection::Reason;
use crate::resource_server::RequiredScopes;
use crate::{Condition, Rejection, ScopeSet};

impl AuthInfo {
    /// Decides whether the caller may run an operation with this requirement.
    pub(crate) fn authorize(mut self, requirement: Requirement) -> Result<Self, Rejection> {
        let condition = requirement.condition;
        self.declared = requirement;
        self.decide(|granted| condition.is_met_by(granted), Vec::new)?;
        Ok(self)
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
        self.outer = (!outer.is_empty()).then(|| outer.into());
        let mut caller = self.authorize(requirement)?;
        caller.declared = declared.unwrap_or(requirement);
        Ok(caller)
    }

    /// What the guards that this caller has passed require, the first guard first.
    pub(crate) fn requirements(&self) -> Vec<Requirement> {
        let outer = self.outer.iter().flat_map(|outer| outer.iter());
        outer
            .chain([&self.declared])
            .filter(|requirement| !requirement.is_any_token())
            .copied()
            .collect()
    }

    /// The same decision for an operation that this caller does not run yet.
    #[allow(dead_code, reason = "only integrations use it")]
    pub(crate) fn check(&self, requirement: Requirement) -> Result<(), Rejection> {
        let condition = requirement.condition;
        match decide(&self.claims, |granted| condition.is_met_by(granted)) {
            Ok(()) => Ok(()),
            // Only a rejection needs a caller of its own, for the scopes of its challenge.
            Err(_) => self.clone().authorize(requirement).map(drop),
        }
    }

    /// Requires further scopes inside a function, where they depend on its arguments.
    ///
    /// `scopes` is written as in the attribute: `"read write"` means both. The rejection is a 403
    /// whose challenge names these scopes and those of the function's attribute, so that a client
    /// can ask its user once for all of them. Where the attribute leaves a choice, the challenge names
    /// the alternative of which the token lacks the fewest scopes and then the one of which it holds
    /// the most, as [`Condition`] describes.
    ///
    /// For a choice, use [`require_condition`](Self::require_condition).
    ///
    /// ```
    /// use requires_auth::{AuthInfo, Rejection};
    ///
    /// fn may_read(auth: &AuthInfo, private: bool) -> Result<(), Rejection> {
    ///     if private {
    ///         auth.require("repo:private")?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Reason::InsufficientScope`] if the token lacks one of the scopes;
    /// [`Reason::Unavailable`] if it had them when the authorization server could last be asked, and
    /// stale claims may not be used for them;
    /// [`Reason::Misconfigured`] if `scopes` is empty or outside the grammar of RFC 6749 §3.3.
    #[must_use = "the caller is refused only where this result is returned: write \
                  `auth.require(\"…\")?`; `let _ =` refuses nobody"]
    pub fn require(&self, scopes: &str) -> Result<(), Rejection> {
        let required = ScopeSet::parse(scopes).map_err(|error| self.reject_misuse(error))?;
        if required.is_empty() {
            return Err(self.reject_misuse(NothingRequired));
        }
        let condition = |granted: &ScopeSet| required.iter().all(|scope| granted.contains(scope));
        self.decide(condition, || crate::scope::pieces(scopes).collect())
    }

    /// The same for any condition.
    ///
    /// The challenge names one alternative of the condition, chosen by the scopes that the token holds:
    /// see [`Condition`]. [`Condition::NONE`] is met by every caller, `Condition::Any(&[])` by none.
    ///
    /// ```
    /// use requires_auth::Condition::{self, All, Any, Scope};
    /// use requires_auth::{AuthInfo, Rejection};
    ///
    /// const PUBLISHING: Condition = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
    ///
    /// fn may_publish(auth: &AuthInfo) -> Result<(), Rejection> {
    ///     auth.require_condition(PUBLISHING)
    /// }
    /// ```
    ///
    /// The scopes of a condition are `&'static str`. For scopes that are put together at run time,
    /// use [`require`](Self::require), after [`has_scope`](Self::has_scope) where there is a choice.
    ///
    /// # Errors
    /// As of [`require`](Self::require): [`Reason::InsufficientScope`], [`Reason::Unavailable`], and
    /// [`Reason::Misconfigured`] if a scope is outside the grammar of RFC 6749 §3.3.
    #[must_use = "nobody is refused unless the function returns the error: write \
                  `auth.require_condition(…)?`"]
    pub fn require_condition(&self, condition: Condition) -> Result<(), Rejection> {
        condition.check().map_err(|error| self.reject_misuse(error))?;
        self.decide(
            |granted| condition.is_met_by(granted),
            || challenge_scopes(&condition, self.claims.granted()),
        )
    }

    /// The refusal where the application has called one of these with what it cannot mean.
    fn reject_misuse(&self, error: impl std::error::Error + Send + Sync + 'static) -> Rejection {
        self.reject(Rejection::misconfigured(error), &[])
    }

    /// Decides, and makes the rejection of a denial. `further` are the scopes that the function requires
    /// beyond those of its attribute.
    fn decide<'s>(
        &self,
        condition: impl Fn(&ScopeSet) -> bool,
        further: impl FnOnce() -> Vec<&'s str>,
    ) -> Result<(), Rejection> {
        match decide(&self.claims, condition) {
            Ok(()) => Ok(()),
            Err(Denial::Stale(error)) => {
                let challenge = self.server.challenge(Vec::new());
                let rejection = Rejection::unresolved(error.clone(), &challenge);
                Err(self.reject(rejection, &further()))
            }
            Err(Denial::InsufficientScope) => Err(self.reject_insufficient_scope(&further())),
        }
    }

    fn reject_insufficient_scope(&self, further: &[&str]) -> Rejection {
        let outer = self.outer.iter().flat_map(|outer| outer.iter());
        let requirements = outer.chain([&self.declared]);
        let declared = requirements.flat_map(|requirement| {
            challenge_scopes(&requirement.condition, self.claims.granted())
        });
        let mut scopes: Vec<&str> = Vec::new();
        for scope in declared.chain(further.iter().copied()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        let challenge = self.server.challenge(scopes);
        let rejection = Rejection::challenging(Reason::InsufficientScope, &challenge);
        self.reject(rejection, further)
    }

    /// Records a rejection, and passes it to the observer.
    fn reject(&self, rejection: Rejection, further: &[&str]) -> Rejection {
        let rejection =
            self.server.reject(rejection, RequiredScopes::of(&self.declared).and(further));
        if let Some(observer) = &self.observer {
            observer.rejected(&rejection);
        }
        rejection
    }
}

/// `require` was called without a scope.
#[derive(Debug, thiserror::Error)]
#[error("`AuthInfo::require` was called without a scope")]
struct NothingRequired;
