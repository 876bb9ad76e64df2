//! Rejections as errors of JSON-RPC.

use ::rmcp::ErrorData;
use ::rmcp::handler::server::tool::IntoCallToolResult;
use ::rmcp::model::{CallToolResponse, ErrorCode};
use serde_json::{Map, Value};

use crate::Rejection;

/// The request was refused because of its access token: a code of the range that JSON-RPC leaves to
/// implementations, and that MCP does not use.
const UNAUTHORIZED: ErrorCode = ErrorCode(-32010);

/// What `?` makes of a refusal in a tool, a prompt or a handler method. Over HTTP the caller gets
/// the refusal itself, with its status and challenge, wherever the status has not been sent yet;
/// elsewhere this error, whose `data` has the members `status`, `error`, `error_description`,
/// `scope` and `www_authenticate`, as far as the refusal has them.
impl From<Rejection> for ErrorData {
    fn from(mut refused: Rejection) -> Self {
        let answer = refused.take_answer();
        let error = describe(&refused);
        if let Some(answer) = answer {
            answer.refuse(refused);
        }
        error
    }
}

/// For a tool that returns a `Result<_, Rejection>`.
impl IntoCallToolResult for Rejection {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Err(self.into())
    }
}

fn describe(refused: &Rejection) -> ErrorData {
    let mut data: Map<String, Value> = serde_json::from_str(refused.body()).unwrap_or_default();
    data.insert("status".into(), refused.status().as_u16().into());
    if let Some(scope) = refused.scope() {
        data.insert("scope".into(), scope.into());
    }
    if let Some(challenge) = refused.challenge().and_then(|challenge| challenge.to_str().ok()) {
        data.insert("www_authenticate".into(), challenge.into());
    }
    if let Some(delay) = refused.retry_after() {
        data.insert("retry_after".into(), delay.as_secs().into());
    }
    let code =
        if refused.status().is_server_error() { ErrorCode::INTERNAL_ERROR } else { UNAUTHORIZED };
    ErrorData::new(code, refused.to_string(), Some(Value::Object(data)))
}
