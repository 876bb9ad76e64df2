//! The body of a response of the layer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use super::event_stream::EventStream;

pin_project! {
    /// The body of a response of [`McpService`](crate::mcp::McpService): that of the service behind it,
    /// an event stream of that service, or the body of a rejection.
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        Service {
            #[pin]
            body: B,
        },
        EventStream {
            #[pin]
            body: EventStream<B>,
        },
        Layer {
            #[pin]
            body: Full<Bytes>,
        },
    }
}

impl<B> ResponseBody<B> {
    /// The service's body, unchanged.
    pub(in crate::mcp) fn service(body: B) -> Self {
        Self { kind: Kind::Service { body } }
    }

    pub(in crate::mcp) fn event_stream(body: EventStream<B>) -> Self {
        Self { kind: Kind::EventStream { body } }
    }

    /// A body that the layer itself answers with.
    pub(in crate::mcp) fn layer(body: Full<Bytes>) -> Self {
        Self { kind: Kind::Layer { body } }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Service { body } => body.poll_frame(context),
            KindProjection::EventStream { body } => body.poll_frame(context),
            KindProjection::Layer { body } => body
                .poll_frame(context)
                .map(|frame| frame.map(|frame| frame.map_err(|never| match never {}))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Service { body } => body.is_end_stream(),
            Kind::EventStream { body } => body.is_end_stream(),
            Kind::Layer { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Service { body } => body.size_hint(),
            Kind::EventStream { body } => body.size_hint(),
            Kind::Layer { body } => body.size_hint(),
        }
    }
}

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
