//! A request on its way to the SDK's service: authenticated, authorized, and with the SDK's own ids.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use http_body::Body;
use tokio::time::timeout;

use crate::mcp::authenticated_request::AuthenticatedRequest;
use crate::mcp::body::{ReadBody, RequestBody};
use crate::mcp::jsonrpc;
use crate::mcp::layer_error::LayerError;
use crate::mcp::operation::{Operation, OperationSource};
use crate::mcp::state::McpState;
use crate::resource_server::RequiredScopes;
use crate::{AuthInfo, Condition};

pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What the response to a request depends on.
pub(super) struct ResponseContext {
    pub(super) request: Arc<AuthenticatedRequest>,
    /// The SDK's id of the request's session.
    pub(super) session: Option<HeaderValue>,
    /// The conditions of the stream that the request resumes.
    pub(super) resumed: Vec<Condition>,
}

/// Authenticates and authorizes a request, and changes its head to what the SDK's service gets.
pub(super) async fn process<B>(
    state: &Arc<McpState>,
    head: &mut Parts,
    body: B,
) -> Result<(RequestBody<B>, ResponseContext), LayerError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let source = match head.method {
        Method::POST => {
            OperationSource::of(&head.headers).map_err(|_| LayerError::RepeatedHeader)?
        }
        // GET begins or resumes a stream, DELETE ends a session.
        _ => OperationSource::Headers(Operation::Other),
    };
    let declared = match &source {
        OperationSource::Headers(operation) => state.registry.policies(operation).next(),
        OperationSource::Body => None,
    };
    let required = match &declared {
        Some(policy) => RequiredScopes::of(&policy.requirement),
        None => RequiredScopes::listed(&state.initial_scopes),
    };
    let caller = state.server.authenticated_caller((&mut *head).into(), required).await?;
    if caller.is_none() && !state.anonymous {
        return Err(state.server.reject_missing_token(required).into());
    }
    let (operation, body) = match source {
        OperationSource::Headers(operation) => (operation, Err(body)),
        OperationSource::Body => {
            let body = timeout(state.body_timeout, ReadBody::new(body, state.max_body_length));
            let body = body.await.map_err(|_| LayerError::BodyTimeout)??;
            let operation = jsonrpc::operation(&body, state.max_resources)?;
            (operation, Ok(body))
        }
    };
    state.decide(&operation, caller.as_ref())?;
    let session = session(state, &head.headers, caller.as_ref())?;
    let event = last_event(state, &head.headers, caller.as_ref(), session.as_ref())?;
    if let Some(id) = &session {
        head.headers.insert(SESSION_ID, id.clone());
    }
    let resumed = event.map_or_else(Vec::new, |(id, conditions)| {
        head.headers.insert(LAST_EVENT_ID, id);
        conditions
    });
    // The SDK passes the head to the functions, and logs it if its log level says so.
    if let Some(credentials) = head.headers.get_mut(AUTHORIZATION) {
        credentials.set_sensitive(true);
    }
    let request = AuthenticatedRequest::new(state, operation, caller);
    head.extensions.insert(Arc::clone(&request));
    let body = match body {
        Ok(read) => RequestBody::buffered(read),
        Err(unread) => RequestBody::timed(unread, state.body_timeout, &request),
    };
    Ok((body, ResponseContext { request, session, resumed }))
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

/// The event store's id of the event after which a request resumes a stream, and the conditions of
/// that stream. Every other value of the header is an error: the event may be another caller's.
fn last_event(
    state: &McpState,
    headers: &HeaderMap,
    caller: Option<&AuthInfo>,
    session: Option<&HeaderValue>,
) -> Result<Option<(HeaderValue, Vec<Condition>)>, LayerError> {
    let mut ids = headers.get_all(LAST_EVENT_ID).iter();
    let Some(id) = ids.next() else { return Ok(None) };
    let session = session.and_then(|id| id.to_str().ok());
    let event = (|| {
        let (id, conditions) = state.ids.verify_event_id(id.as_bytes(), caller, session)?;
        // A condition that is not declared here cannot be decided.
        let conditions = conditions.iter().map(|json| state.registry.condition(json));
        let conditions = conditions.collect::<Option<Vec<Condition>>>()?;
        let is_met = |caller: &AuthInfo| conditions.iter().all(|it| it.is_met_by(caller.scopes()));
        let may_resume = ids.next().is_none() && caller.is_none_or(is_met);
        may_resume.then_some((HeaderValue::from_bytes(id).ok()?, conditions))
    })();
    event.map(Some).ok_or(LayerError::EventNotFound)
}
