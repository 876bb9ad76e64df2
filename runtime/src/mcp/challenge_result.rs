//! A rejection as the result of a tool.

use ::rmcp::model::{CallToolResult, ContentBlock, MetaObject};

use crate::Rejection;

/// The member of the `_meta` of a result: the challenges that a client without access to the HTTP response reads.
const CHALLENGES_KEY: &str = "mcp/www_authenticate";

/// A rejection as the result of a tool, for ChatGPT: it asks its user to sign in or for more scopes when it reads the
/// challenge in the `_meta` of a result, under `mcp/www_authenticate`.
///
/// Return it only to such a client. For all others return the rejection as an error, by `?`: they act on the HTTP status
/// 403 and its challenge (MCP authorization specification, "scope challenge handling"), which a result does not have.
/// The layer in front of the server and the guard of the function never make such a result.
///
/// ```
/// use requires_auth::{AuthInfo, mcp, requires_auth};
/// use rmcp::model::{CallToolResult, ContentBlock};
/// use rmcp::{ErrorData, tool, tool_router};
///
/// struct Board;
///
/// #[tool_router]
/// impl Board {
///     /// Remove all notices.
///     #[requires_auth(scopes = "board:write")]
///     #[tool]
///     async fn clear(&self, auth: AuthInfo) -> Result<CallToolResult, ErrorData> {
///         if let Err(rejection) = auth.require("board:clear") {
///             return match auth.client_id() {
///                 Some("chatgpt") => Ok(mcp::challenge_result(&rejection)),
///                 _ => Err(rejection.into()),
///             };
///         }
///         Ok(CallToolResult::success(vec![ContentBlock::text("cleared")]))
///     }
/// }
/// ```
#[must_use = "no caller is rejected unless the tool returns the result"]
pub fn challenge_result(rejection: &Rejection) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(rejection.to_string())]);
    if let Some(challenge) = rejection.challenge().and_then(|challenge| challenge.to_str().ok()) {
        let mut meta = MetaObject::new();
        meta.0.insert(CHALLENGES_KEY.to_owned(), vec![challenge].into());
        result.meta = Some(meta);
    }
    result
}
