//! An event stream of the service (WHATWG HTML, "Server-sent events"), bound to its caller and token.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame};
use pin_project_lite::pin_project;

use crate::mcp::event_ids::EventIdRewriter;
use crate::mcp::stream_guard::{Permission, StreamGuard};

pin_project! {
    /// Replaces the event ids by authenticated ones, and ends the stream when the token becomes invalid.
    pub(in crate::mcp) struct EventStream<B> {
        // `None` once the stream has ended.
        #[pin]
        body: Option<B>,
        // `None` for a stream whose encoding cannot be read.
        ids: Option<EventIdRewriter>,
        // `None` for a caller without a token.
        guard: Option<StreamGuard>,
    }
}

impl<B> EventStream<B> {
    pub(in crate::mcp) fn new(
        body: B,
        ids: Option<EventIdRewriter>,
        guard: Option<StreamGuard>,
    ) -> Self {
        Self { body: Some(body), ids, guard }
    }
}

/// Whether the headers of a response announce an event stream.
pub(in crate::mcp) fn is_event_stream(headers: &HeaderMap) -> bool {
    let is_event_stream = |value: &HeaderValue| {
        let media_type = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
    };
    headers.get_all(CONTENT_TYPE).iter().any(is_event_stream)
}

/// Whether the lines of a stream can be read. The event ids of a compressed stream stay unchanged;
/// the layer rejects them when a client sends one back.
pub(in crate::mcp) fn has_readable_encoding(headers: &HeaderMap) -> bool {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().all(is_identity)
}

impl<B: Body<Data = Bytes>> Body for EventStream<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        loop {
            let Some(body) = this.body.as_mut().as_pin_mut() else { return Poll::Ready(None) };
            match this.guard.as_mut().map(|guard| guard.poll(context)) {
                None | Some(Permission::Continue) => {}
                Some(Permission::Wait) => return Poll::Pending,
                Some(Permission::End) => {
                    tracing::debug!(
                        target: "requires_auth",
                        "an event stream ends with the token that it was begun with"
                    );
                    this.body.set(None);
                    return Poll::Ready(None);
                }
            }
            let frame = match ready!(body.poll_frame(context)) {
                None => {
                    this.body.set(None);
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => frame,
            };
            let frame = match (frame.into_data(), this.ids.as_mut()) {
                (Ok(data), Some(ids)) => {
                    let data = ids.rewrite(data);
                    if data.is_empty() {
                        continue;
                    }
                    Frame::data(data)
                }
                (Ok(data), None) => Frame::data(data),
                (Err(trailers), _) => trailers,
            };
            return Poll::Ready(Some(Ok(frame)));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }
}
