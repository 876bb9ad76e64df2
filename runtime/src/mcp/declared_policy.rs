//! The policy that a tool, a prompt or a resource declares, and how `_meta` shows it to clients.

use serde_json::{Map, Value};

use crate::policy::Requirement;
use crate::policy::type_level::{Policy, Presence};
use crate::scope::RequestedScopes;
use crate::{AuthInfo, Condition};

/// The member of `_meta` that shows which scopes a tool or a prompt needs: an object with the member
/// `scopes`, and `optional: true` if a caller without a token is let through.
///
/// In `scopes`, a string is a scope, a list means all of its elements, and `{"any": […]}` one of
/// them: `["entries:read"]` is one scope, `[]` any valid token.
///
/// The scopes have the names that a client requests them by: see
/// [`requested_scope_prefix`](crate::ResourceServerBuilder::requested_scope_prefix).
///
/// `#[requires_auth]` writes it. [`McpBuilder::build`](super::McpBuilder::build) rejects a value that the
/// attribute has not written: the policy is read from the code, never from here.
pub const META_KEY: &str = "requires-auth/authorization";

/// What an operation requires of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeclaredPolicy {
    pub(super) requirement: Requirement,
    /// Whether a caller without a token is let through.
    pub(super) optional: bool,
}

impl DeclaredPolicy {
    pub(super) const fn of<P: Policy>() -> Self {
        let mut requirement = Requirement::of::<P>();
        // A list of one scope and that scope are the same condition, and shown in the same way.
        if let Condition::All([single]) = requirement.condition {
            requirement.condition = *single;
        }
        Self { requirement, optional: P::Presence::ANONYMOUS }
    }

    pub(super) fn with_function(self, function: Option<&'static str>) -> Self {
        Self { requirement: Requirement { function, ..self.requirement }, ..self }
    }

    pub(super) fn requires_the_same(self, other: Self) -> bool {
        self.with_function(None) == other.with_function(None)
    }

    pub(super) fn is_met_by(self, caller: Option<&AuthInfo>) -> bool {
        caller.map_or(self.optional, |caller| self.requirement.condition.is_met_by(caller.scopes()))
    }

    /// The value of [`META_KEY`], with the names of the scopes in tokens.
    pub(super) fn to_json(self) -> Value {
        self.to_requested_json(&RequestedScopes::default())
    }

    /// The value of [`META_KEY`] that clients get.
    pub(super) fn to_requested_json(self, requested: &RequestedScopes) -> Value {
        // Not with `json!`, which copies its arguments: most handlers write their `_meta` at each call.
        let mut members = Map::new();
        // Always a list, so that a client that knows plain scopes alone can iterate.
        let scopes = match requested_condition(self.requirement.condition, requested) {
            list @ Value::Array(_) => list,
            single => Value::Array(vec![single]),
        };
        members.insert("scopes".to_owned(), scopes);
        if self.optional {
            members.insert("optional".to_owned(), true.into());
        }
        members.into()
    }
}

/// A condition as in [`META_KEY`], except that a single scope is no list.
pub(super) fn condition_to_json(condition: Condition) -> Value {
    requested_condition(condition, &RequestedScopes::default())
}

fn requested_condition(condition: Condition, requested: &RequestedScopes) -> Value {
    let each = |condition: &Condition| requested_condition(*condition, requested);
    match condition {
        Condition::Scope(scope) => requested.name(scope).into(),
        Condition::All(conditions) => conditions.iter().map(each).collect(),
        Condition::Any(conditions) => {
            let conditions = conditions.iter().map(each).collect();
            Map::from_iter([("any".to_owned(), conditions)]).into()
        }
    }
}
