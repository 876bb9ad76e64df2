//! The decision about the scopes that depend on the arguments, from the body of a request and before the SDK gets it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ::rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonObject, JsonRpcRequest};

use super::jsonrpc;
use super::layer_error::LayerError;
use super::operation::Operation;
use super::scopes_from::ArgumentsError;
use super::state::McpState;
use super::stream_requirement::{RequirementId, StreamRequirement};
use crate::policy::Requirement;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Condition, Rejection};

impl McpState {
    /// Decides about the arguments of a call. The caller meets the declared policy of the operation.
    ///
    /// Returns the condition that the arguments require. It is `None` for an operation that depends on no arguments,
    /// and for a message that calls no function: one that the SDK cannot parse, or that names another operation than
    /// its headers, or that completes the arguments of a prompt.
    pub(super) fn decide_arguments(
        &self,
        operation: &Operation,
        caller: Option<&AuthInfo>,
        body: &[u8],
    ) -> Result<Option<Condition>, LayerError> {
        let mut policies = self.registry.policies(operation);
        let declared = policies.find_map(|policy| Some((policy.scopes_from?, policy.requirement)));
        let Some((scopes_from, requirement)) = declared else { return Ok(None) };
        jsonrpc::check_members(body)?;
        let Some(arguments) = arguments(operation, body) else { return Ok(None) };
        let condition = match scopes_from.evaluate(arguments) {
            Ok(condition) => condition,
            // The SDK responds with its own error.
            Err(ArgumentsError::Invalid) => return Ok(None),
            Err(ArgumentsError::Rejected(rejection)) => return Err(rejection.into()),
            Err(ArgumentsError::Panicked) => {
                let needs = RequiredScopes::of(&requirement);
                return Err(self.server.reject(Rejection::condition_panicked(), needs).into());
            }
        };
        self.decide_further(requirement, caller, &condition)?;
        self.argument_conditions.add(condition);
        Ok(Some(condition))
    }

    /// Decides about a condition that arguments or variables require. The challenge names the declared scopes too.
    pub(super) fn decide_further(
        &self,
        declared: Requirement,
        caller: Option<&AuthInfo>,
        further: &Condition,
    ) -> Result<(), Rejection> {
        match caller {
            Some(caller) => caller.clone().authorize(declared)?.require_condition(further),
            None => self.server.check_anonymous(&declared, further),
        }
    }
}

/// The arguments of a call of this operation, from the message as the SDK parses it.
fn arguments(operation: &Operation, body: &[u8]) -> Option<JsonObject> {
    let message: ClientJsonRpcMessage = serde_json::from_slice(body).ok()?;
    let ClientJsonRpcMessage::Request(JsonRpcRequest { request, .. }) = message else {
        return None;
    };
    let arguments = match (operation, request) {
        (Operation::Tool(name), ClientRequest::CallToolRequest(call))
            if *name == *call.params.name =>
        {
            call.params.arguments
        }
        (Operation::Prompt(name), ClientRequest::GetPromptRequest(get))
            if *name == get.params.name =>
        {
            get.params.arguments
        }
        _ => return None,
    };
    Some(arguments.unwrap_or_default())
}

/// The conditions that arguments and variables of URIs have required so far, by the ids that event ids contain for them:
/// a stream is resumed only if its conditions can be decided again.
///
/// The code of the application has them as constants, so they are few.
#[derive(Debug, Default)]
pub(super) struct ArgumentConditions(RwLock<HashMap<RequirementId, Condition>>);

/// With more conditions, the streams of the others cannot be resumed.
const MAX_CONDITIONS: usize = 1_000;

impl ArgumentConditions {
    pub(super) fn add(&self, condition: Condition) {
        let Some(StreamRequirement { id, .. }) = StreamRequirement::of(condition) else { return };
        if self.find(id).is_none() {
            let mut conditions = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if conditions.len() < MAX_CONDITIONS {
                conditions.insert(id, condition);
            }
        }
    }

    pub(super) fn find(&self, id: RequirementId) -> Option<Condition> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }
}
