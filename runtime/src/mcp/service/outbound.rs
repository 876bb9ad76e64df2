//! A response on its way to the client: replaced by a rejection, or with authenticated ids.

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Response};

use super::inbound::{ResponseContext, SESSION_ID};
use crate::mcp::body::{EventStream, ResponseBody, has_readable_encoding, is_event_stream};
use crate::mcp::event_ids::EventIdRewriter;
use crate::mcp::layer_error::LayerError;
use crate::mcp::state::McpState;
use crate::mcp::stream_guard::StreamGuard;

/// The response of the SDK's service, or the rejection that the request has ended with.
pub(super) fn process<R>(
    state: &McpState,
    mut response: Response<R>,
    context: ResponseContext,
) -> Response<ResponseBody<R>> {
    let ResponseContext { request, session, resumed } = context;
    if let Some(rejection) = request.rejection() {
        return rejection.to_response().map(ResponseBody::layer);
    }
    if request.has_timed_out() {
        return LayerError::BodyTimeout.to_response().map(ResponseBody::layer);
    }
    let caller = request.caller.as_ref();
    let new_session = response.headers().get(SESSION_ID).cloned();
    let begins_session = new_session.is_some();
    if let Some(id) = new_session.as_ref().and_then(|id| id.to_str().ok())
        && let Ok(id) = HeaderValue::try_from(state.ids.authenticate_session_id(id, caller))
    {
        response.headers_mut().insert(SESSION_ID, id);
    }
    if !is_event_stream(response.headers()) {
        return response.map(ResponseBody::service);
    }
    let mut requirements = request.requirements();
    requirements.extend(resumed);
    let session = new_session.or(session);
    let session = session.as_ref().and_then(|id| id.to_str().ok());
    // The SDK itself chooses the event id of the response that begins a session. The event store may
    // have assigned the same id to another caller's event, so it is not authenticated.
    let ids =
        || (!begins_session).then(|| state.ids.event_ids(caller, session, &requirements)).flatten();
    let ids = has_readable_encoding(response.headers()).then(|| EventIdRewriter::new(ids()));
    let guard = caller.map(|caller| {
        StreamGuard::new(&state.server, &state.stream_timer, caller.clone(), requirements)
    });
    // Authenticated ids are longer, and the stream may end early.
    response.headers_mut().remove(CONTENT_LENGTH);
    response.map(|body| ResponseBody::event_stream(EventStream::new(body, ids, guard)))
}
