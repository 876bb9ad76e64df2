//! Which scopes a challenge names, if several sets of scopes meet a condition.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::ScopeDefinitions;
use crate::{Condition, ScopeSet};

/// A set of scopes that meets a condition: each scope once, in the order of the source. Its conditions are
/// `Condition::Scope` and `Condition::Typed` only.
type Alternative = Vec<Condition>;

/// The maximum number of alternatives that are compared with each other. The attribute accepts no condition with
/// more; a condition that is created in code can have any number.
const MAX_COMPARED: usize = 64;

/// The alternative with the fewest scopes that are not granted; of several, the one with the most granted
/// scopes; of several, the first in the source. A scope is granted, too, if a granted one implies it.
///
/// In a condition with more than [`MAX_COMPARED`] alternatives, the choice is made in each `Any` separately, so
/// that the time is linear in the size of the condition.
pub(crate) fn challenge_scopes(
    condition: &Condition,
    granted: &ScopeSet,
    definitions: &ScopeDefinitions,
) -> Vec<&'static str> {
    let is_held = |scope: &Condition| scope.is_met_in(definitions, granted);
    if count(condition) > MAX_COMPARED {
        let nearest = nearest(condition, &is_held).unwrap_or_default();
        return names(&without_repetitions(nearest.scopes));
    }
    let alternatives = alternatives(condition).into_iter().map(without_repetitions);
    let distance = |alternative: &Alternative| {
        let held = alternative.iter().filter(|scope| is_held(scope)).count();
        (alternative.len() - held, Reverse(held))
    };
    alternatives.min_by_key(distance).map(|scopes| names(&scopes)).unwrap_or_default()
}

/// The first alternative in the source, for the challenge to a caller without a token. Empty if every token
/// meets the condition, or none.
pub(crate) fn first_alternative(condition: &Condition) -> Vec<&'static str> {
    let mut scopes = Vec::new();
    let has_alternative = push_first(condition, &mut scopes);
    if has_alternative { names(&without_repetitions(scopes)) } else { Vec::new() }
}

/// The alternatives that a challenge chooses from; of a condition with more than [`MAX_COMPARED`], the first one.
#[cfg(feature = "utoipa")]
pub(crate) fn compared_alternatives(condition: &Condition) -> Vec<Vec<&'static str>> {
    if count(condition) > MAX_COMPARED {
        return vec![first_alternative(condition)];
    }
    alternatives(condition)
        .into_iter()
        .map(without_repetitions)
        .map(|scopes| names(&scopes))
        .collect()
}

/// Every scope that a condition names.
#[cfg(feature = "rmcp")]
pub(crate) fn all_scopes(condition: Condition) -> Vec<&'static str> {
    match condition {
        Condition::Scope(_) | Condition::Typed(_) => vec![name(&condition)],
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter().copied().flat_map(all_scopes).collect()
        }
    }
}

/// The scope that a condition on one scope names.
fn name(scope: &Condition) -> &'static str {
    match scope {
        Condition::Scope(scope) => scope,
        Condition::Typed(scope) => scope.name(),
        Condition::All(_) | Condition::Any(_) => "",
    }
}

fn names(alternative: &[Condition]) -> Vec<&'static str> {
    alternative.iter().map(name).collect()
}

/// An upper bound of the number of alternatives, also of those in memory while they are listed. It saturates at
/// `usize::MAX`.
fn count(condition: &Condition) -> usize {
    match condition {
        Condition::Scope(_) | Condition::Typed(_) => 1,
        Condition::Any(conditions) => conditions.iter().map(count).fold(0, usize::saturating_add),
        // An empty `Any` removes all alternatives, but only after those of the others were listed.
        Condition::All(conditions) => {
            conditions.iter().map(|each| count(each).max(1)).fold(1, usize::saturating_mul)
        }
    }
}

/// Every alternative, in the order of the source. A scope can occur in one twice.
fn alternatives(condition: &Condition) -> Vec<Alternative> {
    match condition {
        Condition::Scope(_) | Condition::Typed(_) => vec![vec![*condition]],
        Condition::Any(conditions) => conditions.iter().flat_map(alternatives).collect(),
        Condition::All(conditions) => {
            conditions.iter().map(alternatives).fold(vec![vec![]], |all, each| product(all, &each))
        }
    }
}

/// The Cartesian product of two lists of alternatives.
fn product(mut left: Vec<Alternative>, right: &[Alternative]) -> Vec<Alternative> {
    // Appends in place to one alternative: else `All` of n scopes would copy its list n times.
    if let [only] = right {
        for alternative in &mut left {
            alternative.extend(only);
        }
        return left;
    }
    let both = |left: &Alternative, right: &Alternative| [left.as_slice(), right].concat();
    left.iter().flat_map(|left| right.iter().map(move |right| both(left, right))).collect()
}

/// Appends the first alternative. If there is none, appends nothing and returns `false`.
fn push_first(condition: &Condition, scopes: &mut Alternative) -> bool {
    let before = scopes.len();
    let has_alternative = match condition {
        Condition::Scope(_) | Condition::Typed(_) => {
            scopes.push(*condition);
            true
        }
        Condition::Any(conditions) => conditions.iter().any(|each| push_first(each, scopes)),
        Condition::All(conditions) => conditions.iter().all(|each| push_first(each, scopes)),
    };
    if !has_alternative {
        scopes.truncate(before);
    }
    has_alternative
}

/// An alternative, and the number of its scopes that are granted.
#[derive(Default)]
struct Candidate {
    scopes: Alternative,
    held: usize,
}

impl Candidate {
    fn distance(&self) -> (usize, Reverse<usize>) {
        (self.scopes.len() - self.held, Reverse(self.held))
    }

    fn and(mut self, other: Self) -> Self {
        self.scopes.extend(other.scopes);
        Self { scopes: self.scopes, held: self.held + other.held }
    }
}

/// The alternative that consists of the nearest one of each `Any`; `None` if no token meets the condition.
fn nearest(condition: &Condition, is_held: &impl Fn(&Condition) -> bool) -> Option<Candidate> {
    match condition {
        Condition::Scope(_) | Condition::Typed(_) => {
            Some(Candidate { scopes: vec![*condition], held: usize::from(is_held(condition)) })
        }
        Condition::Any(conditions) => {
            let each = conditions.iter().filter_map(|each| nearest(each, is_held));
            each.min_by_key(Candidate::distance)
        }
        Condition::All(conditions) => {
            let mut each = conditions.iter().map(|each| nearest(each, is_held));
            each.try_fold(Candidate::default(), |all, each| Some(all.and(each?)))
        }
    }
}

/// Removes all but the first occurrence of each scope.
fn without_repetitions(mut scopes: Alternative) -> Alternative {
    if scopes.len() > 1 {
        let mut seen = HashSet::with_capacity(scopes.len());
        scopes.retain(|scope| seen.insert(name(scope)));
    }
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition::{All, Any, Scope};
    use crate::ScopeDefinition;

    const NEVER: Condition = Any(&[]);

    fn challenged(condition: &Condition, granted: &str) -> String {
        let granted = granted.parse::<ScopeSet>().unwrap();
        challenge_scopes(condition, &granted, &ScopeDefinitions::NONE).join(" ")
    }

    fn first(condition: &Condition) -> String {
        first_alternative(condition).join(" ")
    }

    #[test]
    fn a_choice_is_challenged_with_the_alternative_that_lacks_the_least() {
        // R-B4
        let condition = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        assert_eq!(challenged(&condition, ""), "admin");
        assert_eq!(challenged(&condition, "other"), "admin");
        let condition = Any(&[All(&[Scope("a"), Scope("b")]), All(&[Scope("c"), Scope("d")])]);
        assert_eq!(
            challenged(&condition, "d"),
            "c d",
            "all scopes of the alternative, not only the missing ones"
        );
        assert_eq!(challenged(&condition, "d a b"), "a b");
    }

    #[test]
    fn on_a_tie_the_alternative_of_which_the_token_holds_the_most_is_challenged() {
        // R-B4
        let condition = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        assert_eq!(challenged(&condition, "read"), "read write");
        assert_eq!(challenged(&condition, "write"), "read write");
        // In both alternatives one scope is missing and one is granted: the first in the source.
        let condition = Any(&[All(&[Scope("a"), Scope("b")]), All(&[Scope("c"), Scope("d")])]);
        assert_eq!(challenged(&condition, "d a"), "a b");
        // A scope that is written twice counts once.
        let condition = Any(&[Scope("x"), All(&[Scope("a"), Scope("b"), Scope("b")])]);
        assert_eq!(challenged(&condition, "a"), "a b");
        let condition = Any(&[
            All(&[Scope("a"), Scope("a"), Scope("b")]),
            All(&[Scope("a"), Scope("c"), Scope("d")]),
        ]);
        assert_eq!(challenged(&condition, "a c"), "a c d");
    }

    #[test]
    fn without_a_token_the_first_written_alternative_is_challenged() {
        // R-B4: also where another one has fewer scopes.
        let condition = Any(&[All(&[Scope("read"), Scope("write")]), Scope("admin")]);
        assert_eq!(first(&condition), "read write");
        assert_eq!(challenged(&condition, ""), "admin", "of a token without scopes");
        let nested = All(&[Scope("a"), Any(&[Scope("b"), Scope("c")]), Scope("a")]);
        assert_eq!(first(&nested), "a b");
        assert_eq!(first(&Condition::NONE), "");
        // An alternative that no token meets is skipped.
        assert_eq!(first(&Any(&[All(&[Scope("a"), NEVER]), NEVER, Scope("b")])), "b");
        assert_eq!(first(&All(&[Scope("a"), NEVER])), "");
    }

    #[test]
    fn choices_in_one_condition_are_compared_together() {
        // R-B4: one scope that meets both choices is fewer than the first of each.
        let condition = All(&[Any(&[Scope("a"), Scope("b")]), Any(&[Scope("c"), Scope("b")])]);
        assert_eq!(challenged(&condition, ""), "b");
        assert_eq!(challenged(&condition, "c"), "a c");
    }

    #[test]
    fn a_scope_that_a_granted_one_implies_counts_as_granted() {
        // R-I8, R-B4
        static SCOPES: [ScopeDefinition; 2] = [
            ScopeDefinition::new("Scopes", "read", None, &[], &["write"]),
            ScopeDefinition::new("Scopes", "write", None, &["read"], &[]),
        ];
        let definitions = ScopeDefinitions::new(&SCOPES).unwrap();
        let granted = "write".parse::<ScopeSet>().unwrap();
        let [typed, literal] = [Condition::Typed(&SCOPES[0]), Scope("read")];
        for (reading, definitions, expected) in [
            (typed, &ScopeDefinitions::NONE, "read publish"),
            (literal, &ScopeDefinitions::NONE, "admin audit"),
            (literal, &definitions, "read publish"),
        ] {
            let conditions = [
                All(Box::leak(Box::new([Scope("admin"), Scope("audit")]))),
                All(Box::leak(Box::new([reading, Scope("publish")]))),
            ];
            let condition = Any(Box::leak(Box::new(conditions)));
            assert_eq!(challenge_scopes(&condition, &granted, definitions).join(" "), expected);
            // With too many alternatives to compare all of them.
            let many = All(Box::leak(Box::new([condition; 8])));
            assert_eq!(challenge_scopes(&many, &granted, definitions).join(" "), expected);
        }
    }

    #[cfg(feature = "utoipa")]
    #[test]
    fn of_too_many_alternatives_the_first_one_is_documented() {
        // R-K23
        let choice = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        assert_eq!(compared_alternatives(&choice), [vec!["admin"], vec!["read", "write"]]);
        let choices = All(Box::leak(Box::new([choice; 7])));
        assert_eq!(count(&choices), 128);
        assert_eq!(compared_alternatives(&choices), [vec!["admin"]]);
    }

    #[test]
    fn a_plain_list_is_challenged_whole_and_in_order() {
        // R-B3
        let condition = All(&[Scope("write"), Scope("read"), Scope("write")]);
        assert_eq!(challenged(&condition, "read other"), "write read");
        assert_eq!(challenged(&Condition::NONE, "other"), "");
    }

    #[test]
    fn the_time_is_linear_in_the_size_of_the_condition() {
        // R-B4, R-I13: 2^64 alternatives, and a list of 50 000 scopes.
        let choice = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        let choices = All(Box::leak(Box::new([choice; 64])));
        assert_eq!(count(&choices), usize::MAX);
        assert_eq!(challenged(&choices, ""), "admin");
        assert_eq!(challenged(&choices, "read"), "read write");
        assert_eq!(first(&choices), "admin");
        let never = All(Box::leak(Box::new([choices, NEVER])));
        assert_eq!((challenged(&never, "read"), first(&never)), (String::new(), String::new()));

        let names: Vec<String> = (0..50_000).map(|number| format!("s{number}")).collect();
        let scopes: Vec<Condition> =
            names.iter().map(|name| Scope(Box::leak(name.clone().into_boxed_str()))).collect();
        let list = All(Box::leak(scopes.into_boxed_slice()));
        let begun = std::time::Instant::now();
        assert_eq!(challenged(&list, "s7"), names.join(" "));
        assert_eq!(first(&list), names.join(" "));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
