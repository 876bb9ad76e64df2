//! A request on its way to the SDK's service: authenticated, authorized, and with the SDK's own ids.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

use crate::AuthInfo;
use crate::layer::{AuthenticationSettings, Challenged};
use crate::mcp::authenticated_request::AuthenticatedRequest;
use crate::mcp::layer_error::LayerError;
use crate::mcp::operation::{Operation, OperationSource};
use crate::mcp::state::McpState;
use crate::mcp::stream_requirement::StreamRequirement;

pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// A proof of possession (RFC 9449 §4.1).
const DPOP: HeaderName = HeaderName::from_static("dpop");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What the response to a request depends on.
pub(super) struct ResponseContext {
    pub(super) request: Arc<AuthenticatedRequest>,
    /// The SDK's id of the request's session.
    pub(super) session: Option<HeaderValue>,
    /// The requirements of the stream that the request resumes.
    pub(super) resumed: Vec<StreamRequirement>,
}

/// Where the operation of a request is read from.
pub(super) fn operation_source(head: &Parts) -> Result<OperationSource, LayerError> {
    match head.method {
        Method::POST => OperationSource::of(&head.headers).map_err(|_| LayerError::RepeatedHeader),
        // GET begins or resumes a stream, DELETE ends a session.
        _ => Ok(OperationSource::Headers(Operation::Other)),
    }
}

/// How a request is authenticated. The challenge names the scopes of the operation if the headers name it: the
/// body is not read before the token is valid.
pub(super) fn authentication_settings(
    state: &McpState,
    source: &OperationSource,
) -> AuthenticationSettings {
    let declared = match source {
        OperationSource::Headers(operation) => state.registry.policies(operation).next(),
        OperationSource::Body => None,
    };
    AuthenticationSettings {
        server: state.server.clone(),
        challenged: match declared {
            Some(policy) => Challenged::Requirement(policy.requirement),
            None => Challenged::Scopes(Arc::clone(&state.initial_scopes), None),
        },
        optional: state.anonymous,
    }
}

/// Whether an operation is authorized by the body too, which then is read: its scopes depend on its arguments. Only for
/// a caller who meets the declared policy.
pub(super) fn needs_body(
    state: &McpState,
    operation: &Operation,
    caller: Option<&AuthInfo>,
) -> Result<bool, LayerError> {
    if !state.registry.depends_on_arguments(operation) {
        return Ok(false);
    }
    state.decide(operation, caller)?;
    Ok(true)
}

/// Authorizes an authenticated request, and changes its head to what the SDK's service gets. `body`: if it was read.
pub(super) fn authorize(
    state: &Arc<McpState>,
    head: &mut Parts,
    caller: Option<AuthInfo>,
    operation: Operation,
    body: Option<&[u8]>,
) -> Result<ResponseContext, LayerError> {
    state.decide(&operation, caller.as_ref())?;
    let further = match body {
        Some(body) => state.decide_arguments(&operation, caller.as_ref(), body)?,
        None => None,
    };
    let session = session(state, &head.headers, caller.as_ref())?;
    let event = last_event(state, &head.headers, caller.as_ref(), session.as_ref())?;
    if let Some(id) = &session {
        head.headers.insert(SESSION_ID, id.clone());
    }
    let resumed = event.map_or_else(Vec::new, |(id, requirements)| {
        head.headers.insert(LAST_EVENT_ID, id);
        requirements
    });
    // The SDK passes the head to the functions, and logs it if its log level says so.
    for name in [AUTHORIZATION, DPOP] {
        if let Some(credentials) = head.headers.get_mut(name) {
            credentials.set_sensitive(true);
        }
    }
    let request = AuthenticatedRequest::new(state, operation, caller, further);
    head.extensions.insert(Arc::clone(&request));
    Ok(ResponseContext { request, session, resumed })
}

/// The SDK's id of the session that a request belongs to.
fn session(
    state: &McpState,
    headers: &HeaderMap,
    caller: Option<&AuthInfo>,
) -> Result<Option<HeaderValue>, LayerError> {
    let mut ids = headers.get_all(SESSION_ID).iter();
    let Some(id) = ids.next() else { return Ok(None) };
    if ids.next().is_some() {
        return Err(LayerError::RepeatedHeader);
    }
    let id = id.to_str().ok().and_then(|id| state.ids.verify_session_id(id, caller));
    let id = id.and_then(|id| HeaderValue::from_str(id).ok());
    id.map(Some).ok_or(LayerError::SessionNotFound)
}

/// The event store's id of the event after which a request resumes a stream, and the requirements of
/// that stream. Every other value of the header is an error: the event may be another caller's.
fn last_event(
    state: &McpState,
    headers: &HeaderMap,
    caller: Option<&AuthInfo>,
    session: Option<&HeaderValue>,
) -> Result<Option<(HeaderValue, Vec<StreamRequirement>)>, LayerError> {
    let mut ids = headers.get_all(LAST_EVENT_ID).iter();
    let Some(id) = ids.next() else { return Ok(None) };
    let session = session.and_then(|id| id.to_str().ok());
    let event = (|| {
        let (id, requirements) = state.ids.verify_event_id(id.as_bytes(), caller, session)?;
        // A requirement that this process does not have cannot be decided.
        let requirements = requirements.into_iter().map(|id| state.stream_requirement(id));
        let requirements = requirements.collect::<Option<Vec<StreamRequirement>>>()?;
        let are_met = |caller| StreamRequirement::are_kept_by(&requirements, caller);
        let may_resume = ids.next().is_none() && caller.is_none_or(are_met);
        may_resume.then_some((HeaderValue::from_bytes(id).ok()?, requirements))
    })();
    event.map(Some).ok_or(LayerError::EventNotFound)
}
