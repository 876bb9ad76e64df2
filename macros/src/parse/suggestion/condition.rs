//! The condition that a help text suggests.

use std::fmt;

use crate::parse::scope_token::is_scope;

/// A condition in the attribute's own language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SuggestedCondition {
    Scope(String),
    /// The path of a typed scope.
    Typed(String),
    All(Vec<SuggestedCondition>),
    Any(Vec<SuggestedCondition>),
}

impl SuggestedCondition {
    pub(crate) fn all(conditions: Vec<Self>) -> Self {
        Self::group(Connective::All, conditions)
    }

    pub(crate) fn any(conditions: Vec<Self>) -> Self {
        Self::group(Connective::Any, conditions)
    }

    /// Joins conditions in the shortest form: groups of the same kind merge, duplicates are left
    /// out, and a group of one is its element.
    pub(super) fn group(connective: Connective, conditions: Vec<Self>) -> Self {
        let mut elements: Vec<Self> = Vec::new();
        for condition in conditions {
            let merged = match (connective, condition) {
                (Connective::All, Self::All(inner)) | (Connective::Any, Self::Any(inner)) => inner,
                (_, other) => vec![other],
            };
            for one in merged {
                if !elements.contains(&one) {
                    elements.push(one);
                }
            }
        }
        match (connective, elements.len()) {
            (_, 1) => elements.remove(0),
            (Connective::All, _) => Self::All(elements),
            (Connective::Any, _) => Self::Any(elements),
        }
    }

    /// Whether the attribute accepts it.
    pub(super) fn is_valid(&self) -> bool {
        match self {
            Self::Scope(scope) => is_scope(scope),
            Self::Typed(_) => true,
            Self::All(inner) | Self::Any(inner) => {
                !inner.is_empty() && inner.iter().all(Self::is_valid)
            }
        }
    }

    fn fmt_at(&self, f: &mut fmt::Formatter<'_>, is_outermost: bool) -> fmt::Result {
        let (open, elements, close) = match self {
            Self::Scope(scope) => return write!(f, "\"{scope}\""),
            Self::Typed(path) => return f.write_str(path),
            Self::All(elements) if is_outermost => ("[", elements, "]"),
            Self::All(elements) => ("all(", elements, ")"),
            Self::Any(elements) => ("any(", elements, ")"),
        };
        f.write_str(open)?;
        for (index, element) in elements.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            element.fmt_at(f, false)?;
        }
        f.write_str(close)
    }
}

/// As the value of `scopes`.
impl fmt::Display for SuggestedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_at(f, true)
    }
}

/// What joins the elements of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connective {
    All,
    Any,
}

impl Connective {
    /// The connective of `all(…)` or `any(…)`.
    pub(super) fn of_group(name: &str) -> Option<Self> {
        match name {
            "all" => Some(Self::All),
            "any" => Some(Self::Any),
            _ => None,
        }
    }

    /// The connective of an operator between two conditions, as a word or as a sign.
    pub(super) fn of_operator(operator: &str) -> Option<Self> {
        match operator.to_ascii_lowercase().as_str() {
            "or" | "|" | "||" => Some(Self::Any),
            "and" | "&" | "&&" | "+" => Some(Self::All),
            _ => None,
        }
    }
}
