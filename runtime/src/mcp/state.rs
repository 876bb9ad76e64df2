//! What the layer and the handlers of one MCP server share.

use std::sync::Arc;
use std::time::Duration;

use super::argument_scopes::ArgumentConditions;
use super::authenticated_id::IdAuthenticator;
use super::operation::Operation;
use super::registry::Registry;
use super::stream_guard::StreamTimer;
use super::stream_requirement::{RequirementId, StreamRequirement};
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
    pub(super) stream_timer: StreamTimer,
    /// `None` where the handler itself authorizes requests about tasks.
    pub(super) tasks: Option<TaskOwners>,
    pub(super) argument_conditions: ArgumentConditions,
}

impl McpState {
    /// Decides whether the caller meets all policies of an operation, and what the variables of its resources require. Without
    /// a policy, any token that is valid suffices.
    pub(super) fn decide(
        &self,
        operation: &Operation,
        caller: Option<&AuthInfo>,
    ) -> Result<(), Rejection> {
        let mut is_declared = false;
        self.registry.declarations(operation).try_for_each(|declaration| {
            is_declared = true;
            let policy = declaration.policy();
            match caller {
                Some(caller) => caller.check_before(policy.requirement, || {
                    declaration.scopes_of_variables().and_then(Result::ok)
                }),
                None if policy.optional => Ok(()),
                None => {
                    Err(self.server.reject_missing_token(RequiredScopes::of(&policy.requirement)))
                }
            }
        })?;
        // No resource is declared for callers without a token.
        let Some(caller) = caller else { return Ok(()) };
        if !is_declared {
            // Stale claims may not suffice for it.
            caller.check_before(Condition::NONE.into(), || None)?;
        }
        self.decide_variables(operation, caller)
    }

    /// The requirement with this id: one that an operation declares, or that arguments or variables have led to.
    pub(super) fn stream_requirement(&self, id: RequirementId) -> Option<StreamRequirement> {
        let requirement = self.registry.requirement(id);
        let requirement =
            requirement.or_else(|| Some(self.argument_conditions.find(id)?.into()))?;
        Some(StreamRequirement { requirement, id })
    }

    /// The requirements of an operation, each once, without those that every token meets.
    pub(super) fn requirements(&self, operation: &Operation) -> Vec<StreamRequirement> {
        let declared = self.registry.stream_requirements(operation);
        let mut requirements: Vec<StreamRequirement> = Vec::new();
        for further in declared.chain(self.requirements_of_variables(operation)) {
            if requirements.iter().all(|earlier| earlier.id != further.id) {
                requirements.push(further);
            }
        }
        requirements
    }
}
