//! What one function asks of its callers.

use super::type_level::Policy;
use crate::Condition;

/// A condition, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) condition: Condition,
    /// The name of the function, where there is one: for logs and metrics alone.
    pub(crate) function: Option<&'static str>,
}

impl Requirement {
    pub(crate) const fn of<P: Policy>() -> Self {
        Self { condition: P::CONDITION, function: P::FUNCTION }
    }

    /// Whether it is that of an `AuthInfo` without an attribute: any valid token.
    pub(crate) fn is_any_token(&self) -> bool {
        self.function.is_none() && self.condition == Condition::NONE
    }
}

impl From<Condition> for Requirement {
    fn from(condition: Condition) -> Self {
        Self { condition, function: None }
    }
}
