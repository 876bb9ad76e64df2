//! The members of `_meta` that the attribute writes, and what they say about a tool or a prompt.

use ::rmcp::model::MetaObject;

use super::declared_policy::{DeclaredPolicy, META_KEY};
use super::policy_table;
use crate::AuthInfo;
use crate::policy::type_level::Policy;
use crate::scope::RequestedScopes;

/// The member of `_meta` that marks a tool or a prompt of an `impl` block whose tools and prompts must all
/// declare a policy. Lists do not show it.
const DECLARED_KEY: &str = "requires-auth/declared";
const BOTH: &str = "both";

/// The member of `_meta` with the number under which the process has a [`ScopesFrom`](super::ScopesFrom). Lists do not
/// show it.
const SCOPES_FROM_KEY: &str = "requires-auth/scopes-from";

/// Adds the policy of a guarded function to its `_meta`: the attribute writes this into `#[tool]` and
/// `#[prompt]`.
#[doc(hidden)]
#[must_use]
pub fn meta<P: Policy>(meta: Option<MetaObject>) -> MetaObject {
    write::<P>(DeclaredPolicy::of::<P>(), meta)
}

/// Writes a policy, of the type `P`, into a `_meta`.
pub(super) fn write<P: Policy>(policy: DeclaredPolicy, meta: Option<MetaObject>) -> MetaObject {
    let written = policy.to_json();
    policy_table::record::<P>(policy, &written);
    let mut meta = meta.unwrap_or_default();
    meta.0.insert(META_KEY.to_owned(), written);
    if let Some(scopes_from) = policy.scopes_from {
        let number = policy_table::number_of(scopes_from);
        meta.0.insert(SCOPES_FROM_KEY.to_owned(), number.into());
    }
    meta
}

/// Marks a tool or a prompt of a guarded `impl` block, public ones too: the attribute on the block writes
/// this.
#[doc(hidden)]
#[must_use]
pub fn declared(meta: Option<MetaObject>) -> MetaObject {
    let mut meta = meta.unwrap_or_default();
    meta.0.insert(DECLARED_KEY.to_owned(), true.into());
    meta
}

/// As [`declared`], for a block with something that may be a tool or a prompt which the attribute cannot see:
/// then all tools and all prompts must declare a policy, whichever of them this is.
#[doc(hidden)]
#[must_use]
pub fn declared_both(meta: Option<MetaObject>) -> MetaObject {
    let mut meta = meta.unwrap_or_default();
    meta.0.insert(DECLARED_KEY.to_owned(), BOTH.into());
    meta
}

/// The policy that a `_meta` shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MetaPolicy {
    /// The `_meta` has no policy.
    None,
    Policy(DeclaredPolicy),
    /// The attribute has not written the policy.
    Unknown,
}

impl MetaPolicy {
    /// Of a tool or a prompt with this name.
    pub(super) fn of(meta: Option<&MetaObject>, name: &str) -> Self {
        let member = |key: &str| meta.and_then(|meta| meta.0.get(key));
        let Some(written) = member(META_KEY) else { return Self::None };
        let scopes_from = match member(SCOPES_FROM_KEY) {
            None => None,
            Some(number) => match policy_table::scopes_from(number) {
                Some(scopes_from) => Some(scopes_from),
                None => return Self::Unknown,
            },
        };
        policy_table::find(written, scopes_from, name).map_or(Self::Unknown, Self::Policy)
    }

    pub(super) fn policy(&self) -> Option<DeclaredPolicy> {
        match self {
            Self::Policy(policy) => Some(*policy),
            Self::None | Self::Unknown => None,
        }
    }

    /// Whether a caller may use the tool or the prompt. An unknown policy is met by no caller.
    pub(super) fn is_met_by(&self, caller: Option<&AuthInfo>) -> bool {
        match self {
            Self::None => true,
            Self::Policy(policy) => policy.is_met_by(caller),
            Self::Unknown => false,
        }
    }
}

/// Whether a `_meta` belongs to an `impl` block that requires a policy of its tools and its prompts.
pub(super) fn is_declared_both(meta: Option<&MetaObject>) -> bool {
    meta.and_then(|meta| meta.0.get(DECLARED_KEY)).is_some_and(|declared| declared == BOTH)
}

/// Whether a `_meta` belongs to a guarded `impl` block.
pub(super) fn is_declared(meta: Option<&MetaObject>) -> bool {
    meta.is_some_and(|meta| meta.0.contains_key(DECLARED_KEY))
}

/// Removes the members that concern the router alone: clients do not get them.
pub(super) fn remove_internal(meta: &mut Option<MetaObject>) {
    if let Some(members) = meta {
        members.0.remove(SCOPES_FROM_KEY);
        if members.0.remove(DECLARED_KEY).is_some() && members.0.is_empty() {
            *meta = None;
        }
    }
}

/// Replaces the scopes in the `_meta` of a tool or a prompt with this name by the names that clients request them by.
pub(super) fn name_requested_scopes(
    meta: Option<&mut MetaObject>,
    name: &str,
    requested: &RequestedScopes,
) {
    if requested.are_those_of_tokens() {
        return;
    }
    let Some(meta) = meta else { return };
    if let MetaPolicy::Policy(policy) = MetaPolicy::of(Some(&*meta), name) {
        meta.0.insert(META_KEY.to_owned(), policy.to_requested_json(requested));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Condition;
    use crate::mcp::declared_policy::{condition_to_json, requirement_to_json};
    use crate::mcp::scopes_from::ScopesFrom;
    use crate::policy::type_level::{
        AllOf, AnyOf, AnyToken, ByTryInto, Function, OAuthScope, Optional, TypedScope, WithDetails,
    };
    use crate::policy::{Detail, FunctionName, Requirement};

    type A = OAuthScope<{ b'a' as u128 }>;
    type B = OAuthScope<{ b'b' as u128 }>;
    type C = OAuthScope<{ b'c' as u128 }>;

    #[track_caller]
    fn check<P: Policy>(scopes: &Value) {
        let policy = DeclaredPolicy::of::<P>();
        let written = meta::<P>(None);
        assert_eq!(written.0[META_KEY], json!({ "scopes": scopes }));
        assert_eq!(MetaPolicy::of(Some(&written), ""), MetaPolicy::Policy(policy));
        let optional = meta::<Optional<P>>(None);
        assert_eq!(optional.0[META_KEY], json!({ "scopes": scopes, "optional": true }));
        let policy = DeclaredPolicy { optional: true, ..policy };
        assert_eq!(MetaPolicy::of(Some(&optional), ""), MetaPolicy::Policy(policy));
    }

    #[test]
    fn a_written_meta_leads_to_the_policy_in_the_code() {
        // R-I6
        check::<AnyToken>(&json!([]));
        check::<A>(&json!(["a"]));
        check::<AllOf<(A,)>>(&json!(["a"]));
        check::<AllOf<(A, B)>>(&json!(["a", "b"]));
        check::<AnyOf<(A, AllOf<(B, C)>)>>(&json!([{ "any": ["a", ["b", "c"]] }]));
        check::<AllOf<(A, AnyOf<(B, C)>)>>(&json!(["a", { "any": ["b", "c"] }]));
    }

    #[derive(crate::Scope)]
    #[scope(crate = crate)]
    enum Typed {
        #[scope("a")]
        A,
        #[scope("b", implies = [A])]
        B,
    }

    type TypedA = TypedScope<Typed, { Typed::A as usize }>;
    type TypedB = TypedScope<Typed, { Typed::B as usize }>;

    #[test]
    fn a_typed_scope_is_shown_with_the_scopes_that_imply_it() {
        // R-J9
        let (typed, literal) = (meta::<TypedA>(None), meta::<A>(None));
        assert_eq!(typed.0[META_KEY], json!({ "scopes": ["a"], "implied_by": { "a": ["b"] } }));
        let of = |written: &MetaObject| MetaPolicy::of(Some(written), "");
        assert_eq!(of(&typed), MetaPolicy::Policy(DeclaredPolicy::of::<TypedA>()));
        assert_eq!(of(&literal), MetaPolicy::Policy(DeclaredPolicy::of::<A>()));
        // No other scope implies it.
        assert_eq!(meta::<TypedB>(None).0[META_KEY], json!({ "scopes": ["b"] }));
        assert_eq!(condition_to_json(TypedA::CONDITION), json!({ "any": ["a", "b"] }));
    }

    #[test]
    fn two_conditions_that_are_written_in_the_same_way_are_met_by_no_caller() {
        // R-J9: only one of them is met by `b` alone.
        let written = meta::<AllOf<(TypedA, TypedA, TypedA)>>(None);
        let policy = || MetaPolicy::of(Some(&written), "");
        assert_ne!(policy(), MetaPolicy::Unknown);
        assert_eq!(meta::<AllOf<(TypedA, A, TypedA)>>(None), written);
        assert_eq!(policy(), MetaPolicy::Unknown);
    }

    #[test]
    fn two_types_of_details_with_one_name_are_those_of_their_functions() {
        // R-I6, R-H7
        #[derive(serde::Deserialize, crate::AuthorizationDetail)]
        #[authorization_detail("two types", crate = crate)]
        struct One {}
        #[derive(serde::Deserialize, crate::AuthorizationDetail)]
        #[authorization_detail("two types", crate = crate)]
        struct Other {}
        type Of<const NAME: u128, T> = ByTryInto<WithDetails<A, T>, Function<NAME>>;
        type First = Of<{ b'f' as u128 }, (Detail<One, 0>,)>;
        type Second = Of<{ b'g' as u128 }, (Detail<Other, 0>,)>;
        type Both = Of<{ b'h' as u128 }, (Detail<One, 0>, Detail<Other, 0>)>;
        let written = meta::<First>(None);
        let shown = json!({ "scopes": ["a"], "authorization_details": ["two types"] });
        assert_eq!(written.0[META_KEY], shown);
        assert_eq!(meta::<Second>(None), written);
        assert_eq!(meta::<Both>(None), written);
        for (name, policy) in [
            ("f", DeclaredPolicy::of::<First>()),
            ("g", DeclaredPolicy::of::<Second>()),
            ("h", DeclaredPolicy::of::<Both>()),
        ] {
            assert_eq!(MetaPolicy::of(Some(&written), name), MetaPolicy::Policy(policy), "{name}");
        }
        // Any of them could be that of a tool with another name.
        assert_eq!(MetaPolicy::of(Some(&written), "renamed"), MetaPolicy::Unknown);
        // R-I12: an event stream of one is not resumed with a token for the other.
        let json = |policy: DeclaredPolicy| requirement_to_json(&policy.requirement);
        let [first, second] = [DeclaredPolicy::of::<First>(), DeclaredPolicy::of::<Second>()];
        assert_ne!(json(first), json(second));
        assert_ne!(first.requirement.token, second.requirement.token);
    }

    #[test]
    fn functions_with_equal_policies_keep_their_own_names() {
        type Of<const NAME: u128> = ByTryInto<AllOf<(C, B, A)>, Function<NAME>>;
        let written = meta::<Of<{ b'f' as u128 }>>(None);
        assert_eq!(written, meta::<Of<{ b'g' as u128 }>>(None));
        for (name, function) in [("f", Some("f")), ("g", Some("g")), ("renamed", None)] {
            let MetaPolicy::Policy(policy) = MetaPolicy::of(Some(&written), name) else {
                panic!("{name}")
            };
            assert_eq!(policy.requirement.function, function.map(FunctionName::of_text));
        }
    }

    #[test]
    fn a_function_keeps_its_path_unless_another_one_has_its_name_and_its_policy() {
        // R-K16
        type Of<const NAME: u128, const ID: u64> = ByTryInto<AllOf<(A, B, C)>, Function<NAME>, ID>;
        type First = Of<{ b'f' as u128 }, 1>;
        let function = |written: &MetaObject| match MetaPolicy::of(Some(written), "f") {
            MetaPolicy::Policy(policy) => policy.requirement.function,
            other => panic!("{other:?}"),
        };
        let written = meta::<First>(None);
        assert_eq!(function(&written), Requirement::of::<First>().function);
        assert_eq!(meta::<Of<{ b'g' as u128 }, 2>>(None), written);
        assert_eq!(function(&written), Requirement::of::<First>().function);
        assert_eq!(meta::<Of<{ b'f' as u128 }, 3>>(None), written);
        assert_eq!(function(&written), Some(FunctionName::of_text("f")));
    }

    #[test]
    fn a_meta_that_the_attribute_has_not_written_is_met_by_no_caller() {
        let _ = meta::<A>(None);
        for value in [
            json!(null),
            json!({}),
            json!({ "scopes": null }),
            json!({ "scopes": "a" }),
            json!({ "scopes": ["a"], "more": 1 }),
            json!({ "scopes": ["never written"] }),
            json!({ "scopes": ["a\"b"] }),
            json!({ "scopes": [""] }),
            json!({ "scopes": { "any": ["a"], "all": ["b"] } }),
            json!({ "scopes": [1] }),
        ] {
            let meta = MetaObject([(META_KEY.to_owned(), value.clone())].into_iter().collect());
            let policy = MetaPolicy::of(Some(&meta), "");
            assert_eq!(policy, MetaPolicy::Unknown, "{value}");
            assert!(!policy.is_met_by(None), "{value}");
        }
        for meta in [None, Some(&MetaObject::new())] {
            assert!(MetaPolicy::of(meta, "").is_met_by(None), "no policy");
        }
    }

    #[test]
    fn scopes_that_depend_on_the_arguments_are_found_by_their_number() {
        // R-I20
        let nothing = ScopesFrom::new(|_| Ok(Condition::NONE));
        let b = ScopesFrom::new(|_| Ok(Condition::Scope("b")));
        let scopes_from = |meta: &MetaObject| match MetaPolicy::of(Some(meta), "") {
            MetaPolicy::Policy(policy) => policy.scopes_from,
            MetaPolicy::None | MetaPolicy::Unknown => None,
        };
        let written = [nothing.meta::<A>(None), b.meta::<A>(None), meta::<A>(None)];
        assert_eq!(written.each_ref().map(scopes_from), [Some(nothing), Some(b), None]);
        assert_eq!(written[1], b.meta::<A>(None), "the same number each time");
        assert_eq!(written[0].0[META_KEY], written[1].0[META_KEY]);
        let expected = json!({ "scopes": ["a"], "depends_on_arguments": true });
        assert_eq!(written[0].0[META_KEY], expected);

        // Without the number that was written, nobody meets it.
        for number in [None, Some(json!(1_000_000)), Some(json!("0")), Some(json!(null))] {
            let mut changed = written[0].clone();
            changed.0.remove(SCOPES_FROM_KEY);
            changed.0.extend(number.map(|number| (SCOPES_FROM_KEY.to_owned(), number)));
            assert_eq!(MetaPolicy::of(Some(&changed), ""), MetaPolicy::Unknown);
        }
        // A number beside a policy for which it was not written.
        let mut changed = meta::<C>(None);
        changed.0.insert(SCOPES_FROM_KEY.to_owned(), written[0].0[SCOPES_FROM_KEY].clone());
        assert_eq!(MetaPolicy::of(Some(&changed), ""), MetaPolicy::Unknown);

        let mut listed = Some(written[0].clone());
        remove_internal(&mut listed);
        assert_eq!(listed.unwrap().0.keys().collect::<Vec<_>>(), [META_KEY]);
    }
}
