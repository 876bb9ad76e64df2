//! An event stream of the service (WHATWG HTML, "Server-sent events"), bound to its caller and token.

use std::pin::Pin;
use std::task::{Context, Poll};

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
        // Boxed: the body of a response is moved several times.
        protection: Box<Protection>,
    }
}

struct Protection {
    /// `None` for a stream whose encoding cannot be read.
    ids: Option<EventIdRewriter>,
    /// `None` for a caller without a token.
    guard: Option<StreamGuard>,
    /// A frame that may not be passed on yet, with its authenticated ids.
    held_back: Option<Frame<Bytes>>,
}

impl<B> EventStream<B> {
    pub(in crate::mcp) fn new(
        body: B,
        ids: Option<EventIdRewriter>,
        guard: Option<StreamGuard>,
    ) -> Self {
        let protection = Box::new(Protection { ids, guard, held_back: None });
        Self { body: Some(body), protection }
    }
}

impl Protection {
    /// Whether the body may be asked for a frame.
    fn takes_frame(&self) -> bool {
        self.held_back.is_none() && !self.guard.as_ref().is_some_and(StreamGuard::holds_back)
    }

    /// Whether the frame that is held back may be passed on; without one, whether the stream may continue.
    fn poll(&mut self, context: &mut Context<'_>) -> Permission {
        match &mut self.guard {
            None => Permission::Continue,
            Some(guard) if self.held_back.is_none() => guard.poll_without_event(context),
            Some(guard) => guard.poll_event(context),
        }
    }

    /// `None` if nothing of the frame can be passed on before the next one.
    fn authenticate_ids(&mut self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        let Some(ids) = &mut self.ids else { return Some(frame) };
        match frame.into_data() {
            Ok(data) => Some(ids.rewrite(data)).filter(|data| !data.is_empty()).map(Frame::data),
            Err(trailers) => Some(trailers),
        }
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
            let asks = this.protection.takes_frame();
            if asks && let Poll::Ready(frame) = body.poll_frame(context) {
                match frame {
                    None => {
                        this.body.set(None);
                        return Poll::Ready(None);
                    }
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Some(Ok(frame)) => {
                        this.protection.held_back = this.protection.authenticate_ids(frame);
                        if this.protection.held_back.is_none() {
                            continue;
                        }
                    }
                }
            }
            match this.protection.poll(context) {
                Permission::Continue => match this.protection.held_back.take() {
                    Some(frame) => return Poll::Ready(Some(Ok(frame))),
                    None if asks => return Poll::Pending,
                    // The stream has waited for its token, and may ask for a frame again.
                    None => {}
                },
                Permission::Wait => return Poll::Pending,
                Permission::End => {
                    tracing::debug!(
                        target: "requires_auth",
                        "an event stream ends with the token that it was begun with"
                    );
                    this.protection.held_back = None;
                    this.body.set(None);
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let has_frame = self.protection.held_back.is_some();
        !has_frame && self.body.as_ref().is_none_or(Body::is_end_stream)
    }
}
