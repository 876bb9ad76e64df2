//! What the layer and the handlers of one MCP server share.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::argument_scopes::ArgumentConditions;
use super::authenticated_id::IdAuthenticator;
use super::operation::Operation;
use super::registry::Registry;
use super::task_owners::TaskOwners;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Condition, Rejection, ResourceServer};

/// The checked settings of an [`Mcp`](super::Mcp), and its registry.
#[derive(Debug)]
pub(super) struct McpState {
    pub(super) server: ResourceServer,
    pub(super) registry: Registry,
    /// What the challenge names for a request without a token whose operation is not read yet.
    pub(super) initial_scopes: Arc<[String]>,
    /// Whether requests without a token are passed on.
    pub(super) anonymous: bool,
    pub(super) filter_lists: bool,
    pub(super) max_body_length: usize,
    pub(super) body_timeout: Duration,
    pub(super) max_resources: usize,
    pub(super) ids: IdAuthenticator,
    /// `None` where the handler itself authorizes requests about tasks.
    pub(super) tasks: Option<TaskOwners>,
    pub(super) argument_conditions: ArgumentConditions,
}

impl McpState {
    /// Decides whether the caller meets all policies of an operation.
    pub(super) fn decide(
        &self,
        operation: &Operation,
        caller: Option<&AuthInfo>,
    ) -> Result<(), Rejection> {
        self.registry.policies(operation).try_for_each(|policy| match caller {
            Some(caller) => caller.check(policy.requirement),
            None if policy.optional => Ok(()),
            None => Err(self.server.reject_missing_token(RequiredScopes::of(&policy.requirement))),
        })
    }

    /// The condition for which an event id contains this JSON: one that an operation declares, or that arguments have
    /// required.
    pub(super) fn condition(&self, json: &Value) -> Option<Condition> {
        self.registry.condition(json).or_else(|| self.argument_conditions.find(json))
    }

    /// The conditions of an operation, each once, without those that every token meets.
    pub(super) fn conditions(&self, operation: &Operation) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for policy in self.registry.policies(operation) {
            let condition = policy.requirement.condition;
            if condition != Condition::NONE && !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        conditions
    }
}
