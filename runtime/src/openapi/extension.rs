//! The extension of an operation by which the attribute hands over the policy of a function.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::path::Operation;

use crate::policy::type_level::{Policy, Presence};
use crate::policy::{Requirement, compared_alternatives};

/// The name of the extension. [`OpenApiSecurity`](super::OpenApiSecurity) replaces it.
pub const EXTENSION: &str = "x-requires-auth";

/// What the policy of a function means for its operation.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OperationPolicy {
    /// Each is a set of scopes that suffices. One that is empty: any valid token.
    pub(super) alternatives: Vec<Vec<String>>,
    /// Whether a request without a token reaches the function.
    pub(super) optional: bool,
}

/// The value of the extension: the attribute writes this into `#[utoipa::path]`.
#[must_use]
pub fn openapi_extension<P: Policy>() -> Value {
    let alternatives = compared_alternatives(&Requirement::of::<P>().condition);
    let policy = OperationPolicy {
        alternatives: alternatives
            .into_iter()
            .map(|scopes| scopes.into_iter().map(str::to_owned).collect())
            .collect(),
        optional: P::Presence::ANONYMOUS,
    };
    serde_json::to_value(policy).unwrap_or_default()
}

impl OperationPolicy {
    /// Takes the extension from an operation; `None` for one whose function has no guard.
    pub(super) fn take(operation: &mut Operation) -> Option<Self> {
        let extensions = operation.extensions.as_mut()?;
        let value = extensions.remove(EXTENSION)?;
        if extensions.is_empty() {
            operation.extensions = None;
        }
        serde_json::from_value(value).ok()
    }
}
