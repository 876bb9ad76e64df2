//! Which scopes a challenge names when a condition leaves a choice.

use crate::{Condition, ScopeSet};

/// One way to meet a condition: the scopes that together suffice, each once, as written.
type Alternative = Vec<&'static str>;

/// The scopes of the alternative that lacks the fewest of those granted, and among equals of the
/// one written first.
///
/// The attribute bounds the number of alternatives, so that listing them all stays cheap.
pub(crate) fn challenge_scopes(condition: &Condition, granted: &ScopeSet) -> Alternative {
    let missing =
        |alternative: &Alternative| alternative.iter().filter(|it| !granted.contains(it)).count();
    alternatives(condition).into_iter().min_by_key(missing).unwrap_or_default()
}

/// Every scope that a condition names.
#[cfg(feature = "rmcp")]
pub(crate) fn all_scopes(condition: Condition) -> Vec<&'static str> {
    match condition {
        Condition::Scope(scope) => vec![scope],
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter().copied().flat_map(all_scopes).collect()
        }
    }
}

/// Every alternative, in the order in which a reader meets them.
fn alternatives(condition: &Condition) -> Vec<Alternative> {
    match condition {
        Condition::Scope(scope) => vec![vec![scope]],
        Condition::Any(conditions) => conditions.iter().flat_map(alternatives).collect(),
        Condition::All(conditions) => conditions.iter().fold(vec![vec![]], |chosen, condition| {
            let further = alternatives(condition);
            chosen.iter().flat_map(|left| further.iter().map(|right| union(left, right))).collect()
        }),
    }
}

fn union(left: &Alternative, right: &Alternative) -> Alternative {
    let mut both = left.clone();
    both.extend(right.iter().filter(|scope| !left.contains(scope)));
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition::{All, Any, Scope};

    fn challenged(condition: &Condition, granted: &str) -> String {
        challenge_scopes(condition, &ScopeSet::parse(granted).unwrap()).join(" ")
    }

    #[test]
    fn a_choice_is_challenged_with_the_alternative_that_lacks_the_least() {
        // R-B4
        let condition = Any(&[Scope("admin"), All(&[Scope("read"), Scope("write")])]);
        assert_eq!(challenged(&condition, ""), "admin");
        assert_eq!(
            challenged(&condition, "read"),
            "admin",
            "one missing either way: first written"
        );
        let condition = Any(&[All(&[Scope("a"), Scope("b")]), All(&[Scope("c"), Scope("d")])]);
        assert_eq!(
            challenged(&condition, "d"),
            "c d",
            "all of the alternative, not what is missing"
        );
        assert_eq!(challenged(&condition, "d a b"), "a b");
    }

    #[test]
    fn choices_side_by_side_are_weighed_together() {
        // R-B4: one scope that serves two choices is less than the first of each.
        let condition = All(&[Any(&[Scope("a"), Scope("b")]), Any(&[Scope("c"), Scope("b")])]);
        assert_eq!(challenged(&condition, ""), "b");
        assert_eq!(challenged(&condition, "c"), "a c");
    }

    #[test]
    fn a_plain_list_is_challenged_whole_and_in_order() {
        // R-B3
        let condition = All(&[Scope("write"), Scope("read"), Scope("write")]);
        assert_eq!(challenged(&condition, "read other"), "write read");
        assert_eq!(challenged(&Condition::NONE, "other"), "");
    }
}
