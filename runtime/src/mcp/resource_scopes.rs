//! The scopes that depend on the variables of a resource's URI.

use std::any::type_name;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::operation::Operation;
use super::scopes_from::ArgumentsError;
use super::state::McpState;
use super::stream_requirement::StreamRequirement;
use super::uri_variables::UriVariables;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Condition, Rejection, TryIntoCondition};

/// From the variables of a URI to the condition on its reader's scopes.
type Evaluate = dyn Fn(&UriVariables) -> Result<Condition, Rejection> + Send + Sync;

/// Finds out which scopes the variables of a URI require.
pub(super) struct ResourceScopes {
    evaluate: Box<Evaluate>,
    name: &'static str,
}

impl ResourceScopes {
    pub(super) fn new<F, C>(scopes_from: F) -> Self
    where
        F: Fn(&UriVariables) -> C + Send + Sync + 'static,
        C: TryIntoCondition,
    {
        let evaluate = move |variables: &UriVariables| scopes_from(variables).try_into_condition();
        Self { evaluate: Box::new(evaluate), name: type_name::<F>() }
    }

    /// The name of the function's type.
    #[cfg(feature = "manifest")]
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// `variables`: `None` if they have no certain value.
    pub(super) fn evaluate(
        &self,
        variables: Option<&UriVariables>,
    ) -> Result<Condition, ArgumentsError> {
        let variables = variables.ok_or(ArgumentsError::Invalid)?;
        // The function only looks at its argument, which is dropped after a panic.
        let returned = catch_unwind(AssertUnwindSafe(|| (self.evaluate)(variables)));
        Ok(returned.map_err(|_| ArgumentsError::Panicked)??)
    }
}

impl McpState {
    /// Decides about the variables of an operation's resources. The caller meets their declared policies.
    pub(super) fn decide_variables(
        &self,
        operation: &Operation,
        caller: &AuthInfo,
    ) -> Result<(), Rejection> {
        for declaration in self.registry.resource_declarations(operation) {
            let Some(further) = declaration.scopes_of_variables() else { continue };
            let declared = declaration.policy().requirement;
            match further {
                Ok(further) => self.decide_further(declared, Some(caller), &further)?,
                // Another reader could find other values in the URI.
                Err(ArgumentsError::Invalid) => {
                    return Err(caller.clone().authorize(declared)?.access_denied());
                }
                Err(ArgumentsError::Rejected(rejection)) => return Err(rejection),
                Err(ArgumentsError::Panicked) => {
                    let needs = RequiredScopes::of(&declared);
                    return Err(self.server.reject(Rejection::condition_panicked(), needs));
                }
            }
        }
        Ok(())
    }

    /// What the variables of an operation's resources require, for the streams that it begins.
    pub(super) fn requirements_of_variables<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Iterator<Item = StreamRequirement> {
        let declarations = self.registry.resource_declarations(operation);
        declarations.filter_map(|declaration| declaration.scopes_of_variables()).filter_map(
            |further| {
                // The operation was permitted, so the function has returned something else before.
                let further = further.unwrap_or(Condition::Any(&[]));
                self.argument_conditions.add(further);
                StreamRequirement::of(further)
            },
        )
    }
}

impl fmt::Debug for ResourceScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResourceScopes").field(&self.name).finish()
    }
}
