//! The body of an event stream on its way through the layer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame};

use super::event_ids::EventIdRewriter;
use super::stream_guard::{Permission, StreamGuard};

/// An event stream of the service: the ids of its events are those of its caller, and it ends with its
/// caller's token.
pub struct EventStream<B> {
    /// `None` once it has ended.
    body: Option<Pin<Box<B>>>,
    /// `None` for a stream that cannot be read here.
    ids: Option<EventIdRewriter>,
    /// `None` for a caller without a token.
    guard: Option<StreamGuard>,
}

impl<B> EventStream<B> {
    pub(super) fn new(body: B, ids: Option<EventIdRewriter>, guard: Option<StreamGuard>) -> Self {
        Self { body: Some(Box::pin(body)), ids, guard }
    }
}

/// Whether an answer is an event stream.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    let essence = |value: &HeaderValue| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
    };
    headers.get_all(CONTENT_TYPE).iter().any(essence)
}

/// Whether its lines can be read. The ids of one that is compressed stay as they are, which the layer
/// does not accept back.
pub(super) fn is_readable(headers: &HeaderMap) -> bool {
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().all(identity)
}

impl<B: Body<Data = Bytes>> Body for EventStream<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let stream = self.get_mut();
        loop {
            let Some(body) = &mut stream.body else { return Poll::Ready(None) };
            match stream.guard.as_mut().map(|guard| guard.poll(context)) {
                None | Some(Permission::Continue) => {}
                Some(Permission::Wait) => return Poll::Pending,
                Some(Permission::End) => {
                    tracing::debug!(
                        target: "requires_auth",
                        "an event stream ends with the token that it was begun with"
                    );
                    stream.body = None;
                    return Poll::Ready(None);
                }
            }
            let frame = match ready!(body.as_mut().poll_frame(context)) {
                None => {
                    stream.body = None;
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => frame,
            };
            let frame = match (frame.into_data(), &mut stream.ids) {
                (Ok(data), Some(ids)) => {
                    let data = ids.rewrite(data);
                    if data.is_empty() {
                        continue;
                    }
                    Frame::data(data)
                }
                (Ok(data), None) => Frame::data(data),
                (Err(frame), _) => frame,
            };
            return Poll::Ready(Some(Ok(frame)));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }
}

impl<B> fmt::Debug for EventStream<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("guard", &self.guard).finish_non_exhaustive()
    }
}
