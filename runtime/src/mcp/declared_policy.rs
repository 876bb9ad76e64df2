//! The policy that a tool, a prompt or a resource declares, and how `_meta` shows it to clients.

use serde_json::{Map, Value};

use super::scopes_from::ScopesFrom;
use crate::policy::type_level::{Policy, Presence};
use crate::policy::{DetailType, FunctionName, Requirement, TokenRequirement, UserAuthentication};
use crate::scope::RequestedScopes;
use crate::{AuthInfo, Condition};

/// The member of `_meta` that shows which scopes a tool or a prompt needs: an object with the member
/// `scopes`, and `optional: true` if a caller without a token is let through. `depends_on_arguments: true` says that the
/// arguments of a call can require further scopes, which the challenge then names: see
/// [`TryIntoCondition`](crate::TryIntoCondition).
///
/// In `scopes`, a string is a scope, a list means all of its elements, and `{"any": […]}` one of
/// them: `["entries:read"]` is one scope, `[]` any valid token.
///
/// If scopes of a [vocabulary](crate::ScopeVocabulary) are among them that others imply, the member `implied_by` has,
/// for each, the scopes that satisfy it too: `{"entries:read": ["entries:write"]}`.
///
/// If the token must meet more than scopes, there are further members: `sender_constrained: true` (RFC 9449, RFC 8705),
/// `acr_values` with a list and `max_age` in seconds (RFC 9470), and `authorization_details` with a list of types (RFC
/// 9396).
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
    /// Finds out the further scopes that the arguments of a call require.
    pub(super) scopes_from: Option<ScopesFrom>,
}

impl DeclaredPolicy {
    pub(super) const fn of<P: Policy>() -> Self {
        let mut requirement = Requirement::of::<P>();
        // A list of one scope and that scope are the same condition, and shown in the same way.
        if let Condition::All([single]) = requirement.condition {
            requirement.condition = *single;
        }
        Self { requirement, optional: P::Presence::ANONYMOUS, scopes_from: None }
    }

    pub(super) fn with_function(self, function: Option<FunctionName>) -> Self {
        Self { requirement: Requirement { function, ..self.requirement }, ..self }
    }

    pub(super) fn requires_the_same(self, other: Self) -> bool {
        let same_scopes_from = match (self.scopes_from, other.scopes_from) {
            (Some(one), Some(other)) => one.is_same_declaration(other),
            (one, other) => one == other,
        };
        self.requirement.condition == other.requirement.condition
            && self.requirement.token == other.requirement.token
            && self.optional == other.optional
            && same_scopes_from
    }

    /// Whether the same callers meet both.
    pub(super) fn is_equivalent_to(self, other: Self) -> bool {
        let condition = |policy: Self| condition_to_json(policy.requirement.condition);
        self.optional == other.optional
            && self.requirement.token == other.requirement.token
            && condition(self) == condition(other)
    }

    pub(super) fn is_met_by(self, caller: Option<&AuthInfo>) -> bool {
        caller.map_or(self.optional, |caller| caller.may_call(&self.requirement))
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
        let mut implied_by = Map::new();
        add_implied_by(self.requirement.condition, requested, &mut implied_by);
        if !implied_by.is_empty() {
            members.insert("implied_by".to_owned(), implied_by.into());
        }
        if let Some(token) = self.requirement.token {
            add_token_requirement(token, &mut members);
        }
        if self.scopes_from.is_some() {
            members.insert("depends_on_arguments".to_owned(), true.into());
        }
        if self.optional {
            members.insert("optional".to_owned(), true.into());
        }
        members.into()
    }
}

fn add_token_requirement(token: &TokenRequirement, members: &mut Map<String, Value>) {
    let UserAuthentication { acr_values, max_age } = token.authentication;
    if token.sender_constrained {
        members.insert("sender_constrained".to_owned(), true.into());
    }
    if !acr_values.is_empty() {
        members.insert("acr_values".to_owned(), acr_values.into());
    }
    if let Some(max_age) = max_age {
        members.insert("max_age".to_owned(), max_age.as_secs().into());
    }
    let types = DetailType::names(token.authorization_details);
    if !types.is_empty() {
        members.insert(AUTHORIZATION_DETAILS.to_owned(), types.into());
    }
}

const AUTHORIZATION_DETAILS: &str = "authorization_details";

/// A requirement as event ids contain it: requirements with the same JSON are met by the same tokens.
pub(super) fn requirement_to_json(requirement: &Requirement) -> Value {
    let condition = condition_to_json(requirement.condition);
    let Some(token) = requirement.token else { return condition };
    let mut members = Map::from_iter([("scopes".to_owned(), condition)]);
    add_token_requirement(token, &mut members);
    if !token.authorization_details.is_empty() {
        // Two types may have one name.
        let each = |detail: &DetailType| Value::from(vec![detail.name(), detail.path()]);
        let types = token.authorization_details.iter().map(each).collect();
        members.insert(AUTHORIZATION_DETAILS.to_owned(), types);
    }
    members.into()
}

/// A condition as in [`META_KEY`], except that a single scope is no list, and that a scope which others imply is
/// `any` of them. So conditions with the same JSON are met by the same scopes.
pub(super) fn condition_to_json(condition: Condition) -> Value {
    let each =
        |conditions: &[Condition]| conditions.iter().copied().map(condition_to_json).collect();
    match condition {
        Condition::Scope(scope) => scope.into(),
        Condition::Typed(scope) if scope.implied_by().is_empty() => scope.name().into(),
        Condition::Typed(scope) => {
            any(std::iter::once(&scope.name()).chain(scope.implied_by()).copied().collect())
        }
        Condition::All(conditions) => each(conditions),
        Condition::Any(conditions) => any(each(conditions)),
    }
}

fn requested_condition(condition: Condition, requested: &RequestedScopes) -> Value {
    let each = |condition: &Condition| requested_condition(*condition, requested);
    match condition {
        Condition::Scope(scope) => requested.name(scope).into(),
        Condition::Typed(scope) => requested.name(scope.name()).into(),
        Condition::All(conditions) => conditions.iter().map(each).collect(),
        Condition::Any(conditions) => any(conditions.iter().map(each).collect()),
    }
}

fn any(conditions: Value) -> Value {
    Map::from_iter([("any".to_owned(), conditions)]).into()
}

/// For each scope that others imply, those others.
fn add_implied_by(
    condition: Condition,
    requested: &RequestedScopes,
    members: &mut Map<String, Value>,
) {
    match condition {
        Condition::Typed(scope) if !scope.implied_by().is_empty() => {
            let implied_by = scope.implied_by().iter().map(|it| requested.name(it)).collect();
            members.insert(requested.name(scope.name()).into_owned(), implied_by);
        }
        Condition::Scope(_) | Condition::Typed(_) => {}
        Condition::All(conditions) | Condition::Any(conditions) => {
            for condition in conditions {
                add_implied_by(*condition, requested, members);
            }
        }
    }
}
