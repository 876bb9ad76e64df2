//! The position of a condition, which decides what a help text suggests for it.

use crate::parse::help::WRITE_A_CONDITION;
use crate::parse::suggestion::{Interpretations, SuggestedCondition};

/// In which place a condition stands, for the help texts.
#[derive(Clone, Copy)]
pub(super) enum Position {
    Value,
    Element,
}

impl Position {
    /// What goes in front of a condition that is to be condition there.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Value => "scopes = ",
            Self::Element => "",
        }
    }
}

pub(super) fn help(interpretations: Option<Interpretations>, position: Position) -> String {
    interpretations.map_or_else(
        || WRITE_A_CONDITION.to_owned(),
        |interpretations| interpretations.help(position.key()),
    )
}

/// As an element, a list is better called by its name.
pub(super) fn suggestion_at(condition: &SuggestedCondition, position: Position) -> String {
    match (position, condition) {
        (Position::Element, SuggestedCondition::All(all)) => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("all({})", all.join(", "))
        }
        _ => condition.to_string(),
    }
}
