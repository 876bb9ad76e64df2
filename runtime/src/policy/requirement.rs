//! A condition and the function that it belongs to.

use super::FunctionName;
use super::type_level::Policy;
use crate::Condition;

/// A condition, and the function that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) condition: Condition,
    /// The function, if the condition is of an attribute: for logs and metrics only.
    pub(crate) function: Option<FunctionName>,
}

impl Requirement {
    pub(crate) const fn of<P: Policy>() -> Self {
        Self { condition: P::CONDITION, function: P::FUNCTION }
    }

    /// Whether it is the requirement of an `AuthInfo` argument without an attribute: any valid token.
    pub(crate) fn is_any_token(&self) -> bool {
        self.function.is_none() && self.condition == Condition::NONE
    }
}

impl From<Condition> for Requirement {
    fn from(condition: Condition) -> Self {
        Self { condition, function: None }
    }
}
