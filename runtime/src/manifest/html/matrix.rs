//! Which scopes a function requires: one cell for each scope.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Condition, ScopeDefinition};

/// The most alternatives that have a number of their own. The attribute accepts at most 64.
const MAX_ALTERNATIVES: usize = 64;

/// A scope of the program, with what its vocabulary says about it.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub(super) description: Option<&'static str>,
    pub(super) implies: BTreeSet<&'static str>,
}

/// The scopes that the conditions name, and those that imply them, in the order of their names.
pub(super) fn columns(
    conditions: impl IntoIterator<Item = Condition>,
) -> BTreeMap<&'static str, Column> {
    let mut columns = BTreeMap::new();
    for condition in conditions {
        add_columns(condition, &mut columns);
    }
    columns
}

fn add_columns(condition: Condition, columns: &mut BTreeMap<&'static str, Column>) {
    match condition {
        Condition::Scope(scope) => drop(columns.entry(scope).or_default()),
        Condition::Typed(scope) => {
            let column = columns.entry(scope.name()).or_default();
            column.description = column.description.or(scope.description());
            column.implies.extend(scope.implies());
            for implying in scope.implied_by() {
                columns.entry(implying).or_default().implies.insert(scope.name());
            }
        }
        Condition::All(all) | Condition::Any(all) => {
            for each in all {
                add_columns(*each, columns);
            }
        }
    }
}

/// The alternatives of a condition: sets of scopes of which one is enough.
#[derive(Debug)]
pub(super) enum Alternatives {
    Few(Vec<BTreeSet<Required>>),
    /// Too many to number. Each scope that is in one of them.
    Many(BTreeSet<Required>),
}

/// One scope that a condition names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Required {
    name: &'static str,
    /// The scopes that imply it.
    implied_by: &'static [&'static str],
}

/// What one scope means for one function.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// The scope is not named.
    Nothing,
    /// Every alternative has the scope.
    Required,
    /// The numbers of the alternatives that have the scope, and of those that have a scope which this one implies.
    Alternatives { with: Vec<usize>, implied: Vec<usize> },
    /// The scope implies one that every alternative has.
    Implies(&'static str),
    /// The condition has the scope, and too many alternatives.
    Named,
}

impl Alternatives {
    pub(super) fn of(condition: Condition) -> Self {
        match alternatives(condition) {
            Some(all) => {
                let is_absorbed = |(index, each): (usize, &BTreeSet<_>)| {
                    all.iter().enumerate().any(|(other, it)| {
                        if it == each { other < index } else { it.is_subset(each) }
                    })
                };
                let kept = all.iter().enumerate().filter(|it| !is_absorbed(*it));
                Self::Few(kept.map(|(_, each)| each.clone()).collect())
            }
            None => {
                let mut named = BTreeSet::new();
                add_named(condition, &mut named);
                Self::Many(named)
            }
        }
    }

    /// The names of all scopes in them, and of those that imply these.
    pub(super) fn scopes(&self) -> BTreeSet<&'static str> {
        let named: Vec<Required> = match self {
            Self::Few(all) => all.iter().flatten().copied().collect(),
            Self::Many(named) => named.iter().copied().collect(),
        };
        named.iter().flat_map(|it| it.implied_by.iter().copied().chain([it.name])).collect()
    }

    pub(super) fn cell(&self, scope: &str) -> Cell {
        let all = match self {
            Self::Few(all) => all,
            Self::Many(named) if named.iter().any(|it| it.is_met_by(scope)) => return Cell::Named,
            Self::Many(_) => return Cell::Nothing,
        };
        let numbers = |has: &dyn Fn(&Required) -> bool| -> Vec<usize> {
            let having = all.iter().enumerate().filter(|(_, each)| each.iter().any(has));
            having.map(|(index, _)| index + 1).collect()
        };
        let with = numbers(&|it| it.name == scope);
        let mut implied = numbers(&|it| it.name != scope && it.is_met_by(scope));
        implied.retain(|number| !with.contains(number));
        if with.is_empty() && implied.is_empty() {
            Cell::Nothing
        } else if with.len() == all.len() {
            Cell::Required
        } else if implied.len() == all.len()
            && let Some(required) = all.iter().flatten().find(|it| it.is_met_by(scope))
        {
            Cell::Implies(required.name)
        } else {
            Cell::Alternatives { with, implied }
        }
    }
}

impl Required {
    fn is_met_by(&self, scope: &str) -> bool {
        self.name == scope || self.implied_by.contains(&scope)
    }
}

impl From<&'static ScopeDefinition> for Required {
    fn from(scope: &'static ScopeDefinition) -> Self {
        Self { name: scope.name(), implied_by: scope.implied_by() }
    }
}

/// `None` if there are too many.
fn alternatives(condition: Condition) -> Option<Vec<BTreeSet<Required>>> {
    let all: Vec<BTreeSet<Required>> = match condition {
        Condition::Scope(name) => vec![BTreeSet::from([Required { name, implied_by: &[] }])],
        Condition::Typed(scope) => vec![BTreeSet::from([scope.into()])],
        Condition::Any(any) => {
            let each: Option<Vec<_>> = any.iter().copied().map(alternatives).collect();
            each?.into_iter().flatten().collect()
        }
        Condition::All(all) => all.iter().try_fold(vec![BTreeSet::new()], |left, each| {
            let right = alternatives(*each)?;
            let count = left.len().saturating_mul(right.len());
            let both = |left: &BTreeSet<_>| -> Vec<BTreeSet<Required>> {
                right.iter().map(|right| left | right).collect()
            };
            (count <= MAX_ALTERNATIVES).then(|| left.iter().flat_map(both).collect())
        })?,
    };
    (all.len() <= MAX_ALTERNATIVES).then_some(all)
}

fn add_named(condition: Condition, named: &mut BTreeSet<Required>) {
    match condition {
        Condition::Scope(name) => drop(named.insert(Required { name, implied_by: &[] })),
        Condition::Typed(scope) => drop(named.insert(scope.into())),
        Condition::All(all) | Condition::Any(all) => {
            for each in all {
                add_named(*each, named);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition::{All, Any, Scope, Typed};

    fn cells<const N: usize>(condition: Condition, scopes: [&str; N]) -> [Cell; N] {
        let alternatives = Alternatives::of(condition);
        scopes.map(|scope| alternatives.cell(scope))
    }

    fn with(with: &[usize]) -> Cell {
        Cell::Alternatives { with: with.to_vec(), implied: Vec::new() }
    }

    #[test]
    fn a_cell_is_required_or_a_numbered_alternative() {
        // R-K20
        let both = All(&[Scope("a"), Scope("b")]);
        assert_eq!(cells(both, ["a", "b", "c"]), [Cell::Required, Cell::Required, Cell::Nothing]);
        let nested = Any(&[Scope("admin"), All(&[Scope("b"), Any(&[Scope("c"), Scope("d")])])]);
        assert_eq!(
            cells(nested, ["admin", "b", "c", "d"]),
            [with(&[1]), with(&[2, 3]), with(&[2]), with(&[3])]
        );
        let common = All(&[Scope("a"), Any(&[Scope("b"), Scope("c")])]);
        assert_eq!(cells(common, ["a", "b", "c"]), [Cell::Required, with(&[1]), with(&[2])]);
        // `a` alone is enough.
        let absorbed = Any(&[All(&[Scope("a"), Scope("b")]), Scope("a"), Scope("a")]);
        assert_eq!(cells(absorbed, ["a", "b"]), [Cell::Required, Cell::Nothing]);
        assert_eq!(cells(Condition::NONE, ["a"]), [Cell::Nothing]);
        assert_eq!(cells(Any(&[]), ["a"]), [Cell::Nothing]);
    }

    #[test]
    fn a_scope_that_implies_a_required_one_is_shown() {
        // R-K20
        const READ: ScopeDefinition =
            ScopeDefinition::new("Scopes", "read", Some("Read"), &[], &["write", "admin"]);
        assert_eq!(
            cells(Typed(&READ), ["read", "write", "x"]),
            [Cell::Required, Cell::Implies("read"), Cell::Nothing]
        );
        let choice = Any(&[Typed(&READ), All(&[Scope("write"), Scope("x")])]);
        assert_eq!(
            cells(choice, ["read", "write", "admin"]),
            [
                with(&[1]),
                Cell::Alternatives { with: vec![2], implied: vec![1] },
                Cell::Alternatives { with: vec![], implied: vec![1] },
            ]
        );
        let columns = columns([choice]);
        assert_eq!(columns.keys().copied().collect::<Vec<_>>(), ["admin", "read", "write", "x"]);
        assert_eq!(columns["read"].description, Some("Read"));
        assert_eq!(columns["write"].implies, BTreeSet::from(["read"]));
    }

    #[test]
    fn too_many_alternatives_are_named_without_a_number() {
        // R-K20
        let choice = Any(&[Scope("a"), Scope("b"), Scope("c")]);
        let many = All(Box::leak(Box::new([choice; 4])));
        assert_eq!(cells(many, ["a", "x"]), [Cell::Named, Cell::Nothing]);
        assert_eq!(Alternatives::of(many).scopes(), BTreeSet::from(["a", "b", "c"]));
    }
}
