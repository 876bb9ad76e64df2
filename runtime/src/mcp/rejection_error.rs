//! Rejections as errors of JSON-RPC.

use ::rmcp::ErrorData;
use ::rmcp::handler::server::tool::IntoCallToolResult;
use ::rmcp::model::{CallToolResponse, ErrorCode};
use serde_json::{Map, Value};

use crate::Rejection;

/// The request is rejected because of its access token. JSON-RPC reserves the range for servers, and MCP
/// does not use this code.
const UNAUTHORIZED: ErrorCode = ErrorCode(-32010);

/// What `?` makes of a rejection in a tool, a prompt or a handler method. The conversion itself has no
/// effect on the response.
///
/// If the function returns the error, the caller gets over HTTP the rejection itself, with its status and
/// challenge, where the status has not been sent yet; elsewhere this error. Its `data` has the members
/// `status`, `error`, `error_description`, `scope`, `www_authenticate` and `retry_after`, as far as the
/// rejection has them.
impl From<Rejection> for ErrorData {
    fn from(rejection: Rejection) -> Self {
        error_data(&rejection)
    }
}

/// For a tool that returns a `Result<_, Rejection>`.
impl IntoCallToolResult for Rejection {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Err(self.into())
    }
}

pub(super) fn error_data(rejection: &Rejection) -> ErrorData {
    let mut data: Map<String, Value> = serde_json::from_str(rejection.body()).unwrap_or_default();
    data.insert("status".into(), rejection.status().as_u16().into());
    if let Some(scope) = rejection.scope() {
        data.insert("scope".into(), scope.into());
    }
    if let Some(challenge) = rejection.challenge().and_then(|challenge| challenge.to_str().ok()) {
        data.insert("www_authenticate".into(), challenge.into());
    }
    if let Some(delay) = rejection.retry_after() {
        data.insert("retry_after".into(), delay.as_secs().into());
    }
    let code =
        if rejection.status().is_server_error() { ErrorCode::INTERNAL_ERROR } else { UNAUTHORIZED };
    ErrorData::new(code, rejection.to_string(), Some(Value::Object(data)))
}
