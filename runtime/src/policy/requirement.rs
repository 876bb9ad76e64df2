//! What a function requires of its caller, and the function.

use super::FunctionName;
use super::TokenRequirement;
use super::type_level::Policy;
use crate::Condition;

/// What a function requires of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// On the scopes.
    pub(crate) condition: Condition,
    /// What the token must meet besides; `None` if there is nothing. A reference, since requirements are copied for each
    /// request.
    pub(crate) token: Option<&'static TokenRequirement>,
    /// The function, if the condition is of an attribute: for logs and metrics only.
    pub(crate) function: Option<FunctionName>,
}

impl Requirement {
    pub(crate) const fn of<P: Policy>() -> Self {
        let token = if P::TOKEN.is_none() { None } else { Some(const { &P::TOKEN }) };
        Self { condition: P::CONDITION, token, function: P::FUNCTION }
    }

    /// Whether it is the requirement of an `AuthInfo` argument without an attribute: any valid token.
    pub(crate) fn is_any_token(&self) -> bool {
        self.function.is_none() && self.is_met_by_every_token()
    }

    /// The same, of no function.
    #[cfg(feature = "rmcp")]
    pub(crate) fn without_function(self) -> Self {
        Self { function: None, ..self }
    }

    pub(crate) fn is_met_by_every_token(&self) -> bool {
        self.token.is_none() && self.condition == Condition::NONE
    }
}

impl From<Condition> for Requirement {
    fn from(condition: Condition) -> Self {
        Self { condition, token: None, function: None }
    }
}
