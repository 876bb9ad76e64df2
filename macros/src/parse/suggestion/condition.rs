//! The condition that a help text suggests.

use std::fmt;

use crate::parse::scope_token::is_scope;

/// A condition as it should be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SuggestedCondition {
    Scope(String),
    All(Vec<SuggestedCondition>),
    Any(Vec<SuggestedCondition>),
}

impl SuggestedCondition {
    /// The interpretations of an expression in a string. Where it mixes `and` and `or` without parentheses
    pub(crate) fn all(conditions: Vec<Self>) -> Self {
        Self::group(Connective::All, conditions)
    }

    pub(crate) fn any(conditions: Vec<Self>) -> Self {
        Self::group(Connective::Any, conditions)
    }

    /// One of them alone is itself, and the same one twice is one.
    pub(super) fn group(join: Connective, conditions: Vec<Self>) -> Self {
        let mut elements: Vec<Self> = Vec::new();
        for condition in conditions {
            let inner = match (join, condition) {
                (Connective::All, Self::All(inner)) | (Connective::Any, Self::Any(inner)) => inner,
                (_, other) => vec![other],
            };
            for one in inner {
                if !elements.contains(&one) {
                    elements.push(one);
                }
            }
        }
        match (join, elements.len()) {
            (_, 1) => elements.remove(0),
            (Connective::All, _) => Self::All(elements),
            (Connective::Any, _) => Self::Any(elements),
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        match self {
            Self::Scope(scope) => is_scope(scope),
            Self::All(inner) | Self::Any(inner) => {
                !inner.is_empty() && inner.iter().all(Self::is_valid)
            }
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, outermost: bool) -> fmt::Result {
        let (open, elements, close) = match self {
            Self::Scope(scope) => return write!(f, "\"{scope}\""),
            Self::All(elements) if outermost => ("[", elements, "]"),
            Self::All(elements) => ("all(", elements, ")"),
            Self::Any(elements) => ("any(", elements, ")"),
        };
        f.write_str(open)?;
        for (index, element) in elements.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            element.show(f, false)?;
        }
        f.write_str(close)
    }
}

/// As the value of `scopes`.
impl fmt::Display for SuggestedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, true)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connective {
    All,
    Any,
}
