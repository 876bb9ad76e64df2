//! What an operation asks of its caller, and how a tool tells that in its `_meta`.

use ::rmcp::model::MetaObject;
use serde_json::{Map, Value};

use crate::policy::Requirement;
use crate::policy::type_level::{Policy, Presence};
use crate::scope::is_scope;
use crate::{AuthInfo, Condition, ScopeSet};

/// The name of the member of `_meta` that tells what a tool, a prompt or a resource asks of its
/// caller: an object with the member `scopes`, and `optional: true` where a caller without a token
/// is let through.
///
/// In `scopes`, a string is a scope, a list means all of its elements, and `{"any": […]}` one of
/// them: `["entries:read"]` is one scope, `[]` any valid token.
pub const META_KEY: &str = "requires-auth/authorization";

/// The member of `_meta` that tells that a tool or a prompt stands in an `impl` block whose tools and
/// prompts must all declare a policy. It is for the router alone, and taken out of lists.
const DECLARED_KEY: &str = "requires-auth/declared";
const BOTH: &str = "both";

/// What is asked for, and whether it is asked of nobody too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeclaredPolicy {
    pub(super) requirement: Requirement,
    pub(super) optional: bool,
}

impl DeclaredPolicy {
    pub(super) const fn of<P: Policy>() -> Self {
        Self { requirement: Requirement::of::<P>(), optional: P::Presence::ANONYMOUS }
    }

    pub(super) fn write_meta(self, meta: Option<MetaObject>) -> MetaObject {
        let mut meta = meta.unwrap_or_default();
        // Not by `json!`, which copies what it is given: most handlers do this at each call.
        let mut told = Map::new();
        told.insert("scopes".to_owned(), all(self.requirement.condition));
        if self.optional {
            told.insert("optional".to_owned(), true.into());
        }
        meta.0.insert(META_KEY.to_owned(), told.into());
        meta
    }

    /// The condition as `_meta` tells it; `None` for one that every token meets.
    pub(super) fn scopes(self) -> Option<Value> {
        Some(told(self.requirement.condition))
            .filter(|told| told.as_array().is_none_or(|all| !all.is_empty()))
    }

    /// The same as that of what has this name, which lives as long as the program.
    pub(super) fn named(mut self, name: &str) -> Self {
        self.requirement.function = Some(String::leak(name.to_owned()));
        self
    }

    /// What a `_meta` tells; `None` if it tells nothing, an error if it is not ours.
    pub(super) fn read(meta: Option<&MetaObject>) -> Result<Option<Self>, Unreadable> {
        let Some(told) = meta.and_then(|meta| meta.0.get(META_KEY)) else { return Ok(None) };
        let condition = told.get("scopes").and_then(condition).ok_or(Unreadable)?;
        let optional = told.get("optional").is_some_and(|optional| optional == &Value::Bool(true));
        Ok(Some(Self { requirement: condition.into(), optional }))
    }
}

/// A `_meta` that was not written by [`meta`].
#[derive(Debug)]
pub(super) struct Unreadable;

/// The `_meta` of a guarded function, beside what it has anyway: what the attribute appends to
/// `#[tool]` and `#[prompt]`.
#[doc(hidden)]
#[must_use]
pub fn meta<P: Policy>(meta: Option<MetaObject>) -> MetaObject {
    DeclaredPolicy::of::<P>().write_meta(meta)
}

/// The `_meta` of a tool or a prompt in a guarded `impl` block, public ones too: what the attribute on
/// the block appends.
#[doc(hidden)]
#[must_use]
pub fn declared(meta: Option<MetaObject>) -> MetaObject {
    let mut meta = meta.unwrap_or_default();
    meta.0.insert(DECLARED_KEY.to_owned(), true.into());
    meta
}

/// The same in a block where something may be a tool or a prompt that the attribute does not see: then all
/// tools and all prompts must declare a policy, whichever of them this is.
#[doc(hidden)]
#[must_use]
pub fn declared_both(meta: Option<MetaObject>) -> MetaObject {
    let mut meta = meta.unwrap_or_default();
    meta.0.insert(DECLARED_KEY.to_owned(), BOTH.into());
    meta
}

/// Whether the `impl` block demands policies of tools and of prompts.
pub(super) fn is_declared_of_both(meta: Option<&MetaObject>) -> bool {
    meta.and_then(|meta| meta.0.get(DECLARED_KEY)).is_some_and(|declared| declared == BOTH)
}

/// Whether the `impl` block has declared what has this `_meta`.
pub(super) fn is_declared(meta: Option<&MetaObject>) -> bool {
    meta.is_some_and(|meta| meta.0.contains_key(DECLARED_KEY))
}

/// Takes out of a `_meta` what only concerns the router.
pub(super) fn without_declaration(meta: &mut Option<MetaObject>) {
    if let Some(members) = meta
        && members.0.remove(DECLARED_KEY).is_some()
        && members.0.is_empty()
    {
        *meta = None;
    }
}

/// Whether a caller may use what has this `_meta`, as it tells it. What tells nothing is not guarded;
/// what cannot be understood is for nobody.
pub(super) fn is_met(meta: Option<&MetaObject>, caller: Option<&AuthInfo>) -> bool {
    let Some(told) = meta.and_then(|meta| meta.0.get(META_KEY)) else { return true };
    match caller {
        Some(caller) => told.get("scopes").is_some_and(|told| grants(caller.scopes(), told)),
        None => told.get("optional") == Some(&Value::Bool(true)),
    }
}

/// Whether these scopes meet a condition as `_meta` tells it.
pub(super) fn grants(granted: &ScopeSet, told: &Value) -> bool {
    match told {
        Value::String(scope) => granted.contains(scope),
        Value::Array(all) => all.iter().all(|each| grants(granted, each)),
        Value::Object(members) => members
            .get("any")
            .and_then(Value::as_array)
            .is_some_and(|any| any.iter().any(|each| grants(granted, each))),
        _ => false,
    }
}

/// All of these scopes.
pub(super) fn all_of(scopes: Vec<&'static str>) -> Condition {
    let scopes: Vec<Condition> = scopes.into_iter().map(Condition::Scope).collect();
    Condition::All(Vec::leak(scopes))
}

/// A list at the top, so that a reader who only knows plain scopes can always iterate.
fn all(condition: Condition) -> Value {
    match told(condition) {
        list @ Value::Array(_) => list,
        single => Value::Array(vec![single]),
    }
}

fn told(condition: Condition) -> Value {
    match condition {
        Condition::Scope(scope) => scope.into(),
        Condition::All(conditions) => conditions.iter().copied().map(told).collect(),
        Condition::Any(conditions) => {
            let conditions = conditions.iter().copied().map(told).collect();
            Map::from_iter([("any".to_owned(), conditions)]).into()
        }
    }
}

/// A condition lives as long as the program, as those in the code do: the few that are read are
/// those of the functions of one server, once, when it is set up.
fn condition(told: &Value) -> Option<Condition> {
    let each = |list: &Vec<Value>| list.iter().map(condition).collect::<Option<Vec<_>>>();
    match told {
        Value::String(scope) if is_scope(scope) => {
            Some(Condition::Scope(Box::leak(scope.clone().into_boxed_str())))
        }
        Value::Array(list) => match each(list)?.as_slice() {
            [single] => Some(*single),
            several => Some(Condition::All(Box::leak(several.into()))),
        },
        Value::Object(members) if members.len() == 1 => {
            let conditions = each(members.get("any")?.as_array()?)?;
            Some(Condition::Any(Box::leak(conditions.into_boxed_slice())))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Condition::{All, Any, Scope};

    #[test]
    fn what_a_tool_tells_is_what_it_asks() {
        // R-I6
        for (condition, expected) in [
            (Condition::NONE, json!([])),
            (Scope("a"), json!(["a"])),
            (All(&[Scope("a"), Scope("b")]), json!(["a", "b"])),
            (
                Any(&[Scope("a"), All(&[Scope("b"), Scope("c")])]),
                json!([{ "any": ["a", ["b", "c"]] }]),
            ),
            (
                All(&[Scope("a"), Any(&[Scope("b"), Scope("c")])]),
                json!(["a", { "any": ["b", "c"] }]),
            ),
        ] {
            for optional in [false, true] {
                let asked = DeclaredPolicy { requirement: condition.into(), optional };
                let meta = asked.write_meta(None);
                assert_eq!(meta.0[META_KEY]["scopes"], expected);
                assert_eq!(DeclaredPolicy::read(Some(&meta)).unwrap(), Some(asked));
            }
        }
    }

    #[test]
    fn what_nobody_told_is_not_guessed() {
        for told in [
            json!(null),
            json!({}),
            json!({ "scopes": null }),
            json!({ "scopes": ["a\"b"] }),
            json!({ "scopes": [""] }),
            json!({ "scopes": { "any": ["a"], "all": ["b"] } }),
            json!({ "scopes": [1] }),
        ] {
            let meta = MetaObject([(META_KEY.to_owned(), told.clone())].into_iter().collect());
            assert!(DeclaredPolicy::read(Some(&meta)).is_err(), "{told}");
            assert!(!is_met(Some(&meta), None), "{told}");
        }
        assert!(is_met(None, None), "what tells nothing is not guarded");
        for told in [json!(1), json!({}), json!({ "any": [] }), json!({ "any": "a" }), json!(null)]
        {
            assert!(!grants(&ScopeSet::parse("a").unwrap(), &told), "{told}");
        }
        assert!(DeclaredPolicy::read(None).unwrap().is_none());
        assert!(DeclaredPolicy::read(Some(&MetaObject::new())).unwrap().is_none());
    }
}
