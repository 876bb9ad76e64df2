//! What the layer and the handler of one MCP server share.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::authenticated_id::IdAuthenticator;
use super::authenticated_request::AuthenticatedRequest;
use super::declared_policy::DeclaredPolicy;
use super::operation::Operation;
use super::registry::Registry;
use super::task_owners::TaskOwners;
use crate::policy::Requirement;
use crate::{AuthInfo, Rejection, ResourceServer};

/// The settings of [`Mcp`](super::Mcp), checked.
#[derive(Debug)]
pub(super) struct McpState {
    pub(super) server: ResourceServer,
    pub(super) registry: Registry,
    /// What a caller without a token is asked for where the operation is not known yet.
    pub(super) initial: Requirement,
    pub(super) anonymous: bool,
    pub(super) filter_lists: bool,
    pub(super) max_body_length: usize,
    /// How long the body of a request may take to arrive.
    pub(super) body_timeout: Duration,
    /// How many resources one request may name.
    pub(super) max_resources: usize,
    pub(super) seal: IdAuthenticator,
    /// `None` where the handler itself decides about tasks.
    pub(super) tasks: Option<TaskOwners>,
}

impl McpState {
    /// Decides whether the caller may do all that this operation asks for.
    pub(super) fn decide(
        &self,
        operation: &Operation,
        caller: Option<&AuthInfo>,
    ) -> Result<(), Rejection> {
        self.registry.requirements(operation).try_for_each(|asked| self.meets(asked, caller))
    }

    /// The scopes that an operation asks for, each condition once.
    pub(super) fn scopes(&self, operation: &Operation) -> Vec<Value> {
        let mut scopes = Vec::new();
        for condition in self.registry.requirements(operation).filter_map(DeclaredPolicy::scopes) {
            if !scopes.contains(&condition) {
                scopes.push(condition);
            }
        }
        scopes
    }

    fn meets(&self, asked: DeclaredPolicy, caller: Option<&AuthInfo>) -> Result<(), Rejection> {
        match caller {
            Some(caller) => caller.check(asked.requirement),
            None if asked.anonymous => Ok(()),
            None => Err(self.server.reject_missing_token(asked.requirement)),
        }
    }

    /// The same within a handler, where the refusal becomes an error of JSON-RPC.
    pub(super) fn decide_within(
        &self,
        operation: &Operation,
        authenticated: &Arc<AuthenticatedRequest>,
    ) -> Result<(), ::rmcp::ErrorData> {
        let decided = self.decide(operation, authenticated.caller.as_ref());
        decided.map_err(|refused| refused.answering(Some(&authenticated.answer())).into())
    }
}
