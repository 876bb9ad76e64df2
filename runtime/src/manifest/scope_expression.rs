//! A condition over scopes, as a manifest shows, stores and compares it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Condition, ScopeDefinition};

/// In JSON, a string is a scope, a list means all of its elements, and `{"any": […]}` one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum ScopeExpression {
    Scope(String),
    All(Vec<ScopeExpression>),
    Any { any: Vec<ScopeExpression> },
}

/// The maximum number of alternatives that are compared.
const MAX_ALTERNATIVES: usize = 4096;

impl ScopeExpression {
    /// Whether it needs parentheses beside others.
    pub(super) fn is_compound(&self) -> bool {
        match self {
            Self::Scope(_) => false,
            Self::All(all) | Self::Any { any: all } => all.len() > 1,
        }
    }

    /// Whether these scopes meet it.
    pub(super) fn is_met_by(&self, granted: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Scope(scope) => granted(scope),
            Self::All(all) => all.iter().all(|each| each.is_met_by(granted)),
            Self::Any { any } => any.iter().any(|each| each.is_met_by(granted)),
        }
    }

    /// Whether every set of scopes that meets this one meets the other too. Also `false` if there are too many
    /// alternatives to compare.
    pub(super) fn implies(&self, other: &Self) -> bool {
        let Some(alternatives) = self.alternatives() else { return false };
        alternatives.iter().all(|granted| other.is_met_by(&|scope| granted.contains(scope)))
    }

    /// The sets of scopes that meet it. `None` if there are too many.
    fn alternatives(&self) -> Option<Vec<BTreeSet<&str>>> {
        match self {
            Self::Scope(scope) => Some(vec![BTreeSet::from([scope.as_str()])]),
            Self::Any { any } => {
                let each: Option<Vec<_>> = any.iter().map(Self::alternatives).collect();
                let all: Vec<_> = each?.into_iter().flatten().collect();
                (all.len() <= MAX_ALTERNATIVES).then_some(all)
            }
            Self::All(all) => all.iter().try_fold(vec![BTreeSet::new()], |left, each| {
                let right = each.alternatives()?;
                if left.len().saturating_mul(right.len()) > MAX_ALTERNATIVES {
                    return None;
                }
                let both = |left: &BTreeSet<_>| -> Vec<BTreeSet<_>> {
                    right.iter().map(|right| left | right).collect()
                };
                Some(left.iter().flat_map(both).collect())
            }),
        }
    }
}

/// A typed scope is any of the scopes that meet it.
impl From<Condition> for ScopeExpression {
    fn from(condition: Condition) -> Self {
        Self::with_implying(condition, ScopeDefinition::implied_by)
    }
}

impl ScopeExpression {
    /// Without the scopes that imply others.
    pub(super) fn as_written(condition: Condition) -> Self {
        Self::with_implying(condition, |_| &[])
    }

    /// A group of one is that one, and a group in a group of the same kind is part of it.
    fn with_implying(
        condition: Condition,
        implying: fn(&ScopeDefinition) -> &'static [&'static str],
    ) -> Self {
        let mut elements = Vec::new();
        let each = |condition: &Condition| Self::with_implying(*condition, implying);
        match condition {
            Condition::Scope(scope) => return Self::Scope(scope.to_owned()),
            Condition::Typed(scope) => {
                let names = std::iter::once(scope.name()).chain(implying(scope).iter().copied());
                elements.extend(names.map(|name| Self::Scope(name.to_owned())));
            }
            Condition::All(all) => {
                for each in all.iter().map(each) {
                    match each {
                        Self::All(inner) => elements.extend(inner),
                        each => elements.push(each),
                    }
                }
            }
            Condition::Any(any) => {
                for each in any.iter().map(each) {
                    match each {
                        Self::Any { any: inner } => elements.extend(inner),
                        each => elements.push(each),
                    }
                }
            }
        }
        match (condition, elements.as_slice()) {
            (_, [single]) => single.clone(),
            (Condition::Any(_) | Condition::Typed(_), _) => Self::Any { any: elements },
            _ => Self::All(elements),
        }
    }
}

// `admin or (read and write)`
impl fmt::Display for ScopeExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (elements, separator) = match self {
            Self::Scope(scope) => return write!(f, "{}", scope.escape_debug()),
            Self::All(all) if all.is_empty() => return f.write_str("any token"),
            Self::Any { any } if any.is_empty() => return f.write_str("no token"),
            Self::All(all) => (all, " and "),
            Self::Any { any } => (any, " or "),
        };
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                f.write_str(separator)?;
            }
            if element.is_compound() { write!(f, "({element})")? } else { element.fmt(f)? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition::{All, Any, Scope};
    use crate::ScopeDefinition;

    // R-J9
    const READ: ScopeDefinition = ScopeDefinition::new("Scopes", "read", None, &[], &["admin"]);

    #[test]
    fn a_condition_is_shown_in_words() {
        // R-K17
        for (condition, expected) in [
            (Condition::Typed(&READ), "read or admin"),
            (Condition::NONE, "any token"),
            (Any(&[]), "no token"),
            (Scope("a"), "a"),
            (All(&[Scope("a")]), "a"),
            (All(&[Scope("a"), All(&[Scope("b"), Scope("c")])]), "a and b and c"),
            (
                Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]),
                "admin or (read and write)",
            ),
            (All(&[Scope("a"), Any(&[Scope("b"), Scope("c")])]), "a and (b or c)"),
            (Any(&[Condition::NONE, Scope("a")]), "any token or a"),
            (Scope("\u{1b}[2J\"x"), "\\u{1b}[2J\\\"x"),
        ] {
            assert_eq!(ScopeExpression::from(condition).to_string(), expected);
        }
    }

    #[test]
    fn conditions_are_compared_by_what_meets_them() {
        // R-K18
        let implies = |a, b| ScopeExpression::from(a).implies(&ScopeExpression::from(b));
        let either = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        assert!(implies(Scope("admin"), either));
        assert!(implies(All(&[Scope("write"), Scope("read")]), either));
        assert!(!implies(either, Scope("admin")));
        assert!(implies(either, Condition::NONE) && !implies(Condition::NONE, either));
        assert!(implies(Any(&[]), Scope("a")) && !implies(Scope("a"), Any(&[])));
        let choice = Any(&[Scope("a"), Scope("b")]);
        let too_many = All(Box::leak(Box::new([choice; 13])));
        assert!(!implies(too_many, Condition::NONE), "not compared, so not implied");
    }
}
