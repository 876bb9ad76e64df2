//! The policies that `#[requires_auth]` has written into a `_meta`, for the whole process.
//!
//! A router carries a tool's `_meta` and no type, so this table leads from what was written back to the
//! policy in the code. A `_meta` is never parsed: one that is not in the table was not written by the
//! attribute.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, PoisonError, RwLock};

use serde_json::Value;

use super::declared_policy::DeclaredPolicy;
use super::scopes_from::ScopesFrom;
use crate::policy::FunctionName;

/// Its size is bounded by the number of guarded functions in the code.
static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

#[derive(Default)]
struct Table {
    /// The policy types that are recorded. Most handlers write their `_meta` at each call.
    types: HashSet<(TypeId, Option<ScopesFrom>)>,
    /// By what was written. Functions with equal conditions write the same.
    policies: HashMap<Value, Vec<DeclaredPolicy>>,
    /// By their numbers.
    scopes_from: Vec<ScopesFrom>,
    numbers: HashMap<ScopesFrom, usize>,
}

/// Records a policy, of the type `P`, under what was written for it.
pub(super) fn record<P: 'static>(policy: DeclaredPolicy, written: &Value) {
    let id = (TypeId::of::<P>(), policy.scopes_from);
    if TABLE.read().unwrap_or_else(PoisonError::into_inner).types.contains(&id) {
        return;
    }
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    if table.types.insert(id) {
        let policies = table.policies.entry(written.clone()).or_default();
        if !policies.contains(&policy) {
            policies.push(policy);
        }
    }
}

/// The number that is written for it: the same one each time.
pub(super) fn number_of(scopes_from: ScopesFrom) -> usize {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(number) = table.numbers.get(&scopes_from) {
        return *number;
    }
    drop(table);
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let Table { scopes_from: all, numbers, .. } = &mut *table;
    *numbers.entry(scopes_from).or_insert_with(|| {
        all.push(scopes_from);
        all.len() - 1
    })
}

/// The one for which this number was written.
pub(super) fn scopes_from(number: &Value) -> Option<ScopesFrom> {
    let number = usize::try_from(number.as_u64()?).ok()?;
    TABLE.read().unwrap_or_else(PoisonError::into_inner).scopes_from.get(number).copied()
}

/// The policy for which this was written; `None` if the attribute has not written it.
///
/// Of several functions with this policy it is the one with this name. If none has it, and there is more
/// than one, the policy is returned without a function; if several have it, with the name alone.
///
/// Different policies are written in the same way if a literal and a typed scope have one name, or two types of
/// authorization details. Then it is the policy of the functions with this name; `None` if they have different ones, or
/// if there is none.
pub(super) fn find(
    written: &Value,
    scopes_from: Option<ScopesFrom>,
    name: &str,
) -> Option<DeclaredPolicy> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let policies = table.policies.get(written)?.iter().copied();
    let policies: Vec<DeclaredPolicy> =
        policies.filter(|policy| policy.scopes_from == scopes_from).collect();
    let named = |policy: &&DeclaredPolicy| {
        policy.requirement.function.is_some_and(|function| function.is(name))
    };
    let policies = if are_equivalent(&policies) {
        policies
    } else {
        let named: Vec<DeclaredPolicy> = policies.iter().filter(named).copied().collect();
        are_equivalent(&named).then_some(named)?
    };
    let mut all_named = policies.iter().filter(named);
    let without_path = |policy: &DeclaredPolicy| {
        let function = policy.requirement.function;
        policy.with_function(function.map(FunctionName::without_path))
    };
    match (all_named.next(), policies.as_slice()) {
        (Some(policy), _) if all_named.next().is_some() => Some(without_path(policy)),
        (Some(policy), _) | (None, [policy]) => Some(*policy),
        (None, [policy, ..]) => Some(policy.with_function(None)),
        (None, []) => None,
    }
}

fn are_equivalent(policies: &[DeclaredPolicy]) -> bool {
    policies.windows(2).all(|pair| matches!(pair, [a, b] if a.is_equivalent_to(*b)))
}
