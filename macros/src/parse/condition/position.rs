//! The position of a condition, on which its help texts depend.

use crate::parse::help::WRITE_A_CONDITION;
use crate::parse::suggestion::{Interpretations, SuggestedCondition};

/// The position of a condition in the argument `scopes`.
#[derive(Clone, Copy)]
pub(super) enum Position {
    /// The value itself.
    Value,
    /// An element of a list, or of `all(…)` or `any(…)`.
    Element,
}

impl Position {
    /// What precedes a condition that a help text suggests.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Value => "scopes = ",
            Self::Element => "",
        }
    }
}

pub(super) fn help(interpretations: Option<Interpretations>, position: Position) -> String {
    let Some(interpretations) = interpretations else { return WRITE_A_CONDITION.to_owned() };
    match (position, &interpretations.second) {
        (Position::Value, _) => interpretations.help(position.prefix()),
        (Position::Element, None) => {
            format!("write `{}`", suggestion_at(&interpretations.first, position))
        }
        (Position::Element, Some(second)) => format!(
            "write `{}` or `{}`, whichever is meant",
            suggestion_at(&interpretations.first, position),
            suggestion_at(second, position)
        ),
    }
}

/// The suggestion as it is written at the position. `all(…)` is clearer than a list inside another
/// condition.
pub(super) fn suggestion_at(condition: &SuggestedCondition, position: Position) -> String {
    match (position, condition) {
        (Position::Element, SuggestedCondition::All(all)) => {
            format!("all({})", comma_separated(all))
        }
        _ => condition.to_string(),
    }
}

pub(super) fn comma_separated(conditions: &[SuggestedCondition]) -> String {
    let conditions: Vec<String> = conditions.iter().map(ToString::to_string).collect();
    conditions.join(", ")
}
