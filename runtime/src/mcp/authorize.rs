//! The decision for handler methods that no attribute guards.

use ::rmcp::service::RequestContext;
use ::rmcp::{ErrorData, RoleServer};

use super::authenticated_request::AuthenticatedRequest;
use crate::AuthInfo;
use crate::policy::Requirement;
use crate::resource_server::RequiredScopes;

/// Decides about the caller of a request in a handler method that is neither a `#[tool]` nor a
/// `#[prompt]`, such as `read_resource`:
///
/// ```
/// use requires_auth::{AuthInfo, Condition};
/// use rmcp::model::{ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult};
/// use rmcp::service::RequestContext;
/// use rmcp::{ErrorData, RoleServer, ServerHandler};
///
/// struct Journal;
///
/// impl ServerHandler for Journal {
///     async fn read_resource(
///         &self,
///         request: ReadResourceRequestParams,
///         context: RequestContext<RoleServer>,
///     ) -> Result<ReadResourceResponse, ErrorData> {
///         let auth = requires_auth::mcp::authorize(&context, Condition::Scope("entries:read"))?;
///         Ok(ReadResourceResult::new(entries_of(&auth)).into())
///     }
/// }
/// # fn entries_of(_: &AuthInfo) -> Vec<rmcp::model::ResourceContents> { Vec::new() }
/// ```
///
/// A [`Requirement`] in place of the condition can also require a bound token, a login, or authorization details.
///
/// # Errors
/// An error of JSON-RPC that names the scopes. If the method returns it, the caller gets a 403 with its
/// challenge over HTTP, where the status has not been sent yet.
pub fn authorize(
    context: &RequestContext<RoleServer>,
    requirement: impl Into<Requirement>,
) -> Result<AuthInfo, ErrorData> {
    let request = AuthenticatedRequest::of(context)?;
    let requirement = requirement.into();
    match request.caller() {
        // The caller itself adds its rejections to the candidates.
        Some(caller) => Ok(caller.authorize(requirement)?),
        None => {
            let rejection =
                request.state.server.reject_missing_token(RequiredScopes::of(&requirement));
            request.add_candidate(&rejection);
            Err(rejection.into())
        }
    }
}
