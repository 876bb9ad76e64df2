//! The body of a request that the layer passes to the service.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use super::timed::TimedBody;
use crate::mcp::authenticated_request::AuthenticatedRequest;

pin_project! {
    /// The body of a request that [`McpService`](crate::mcp::McpService) passes on.
    ///
    /// It is either the client's body, which fails if it does not arrive within
    /// [`body_timeout`](crate::mcp::McpBuilder::body_timeout), or what the layer has read of it.
    pub struct RequestBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        Timed {
            #[pin]
            body: TimedBody<B>,
        },
        Buffered {
            #[pin]
            body: Full<Bytes>,
        },
    }
}

impl<B> RequestBody<B> {
    pub(in crate::mcp) fn timed(
        body: B,
        timeout: Duration,
        request: &Arc<AuthenticatedRequest>,
    ) -> Self {
        Self { kind: Kind::Timed { body: TimedBody::new(body, timeout, request) } }
    }

    pub(in crate::mcp) fn buffered(body: Bytes) -> Self {
        Self { kind: Kind::Buffered { body: Full::new(body) } }
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.project().kind.project() {
            KindProjection::Timed { body } => body.poll_frame(context),
            KindProjection::Buffered { body } => body
                .poll_frame(context)
                .map(|frame| frame.map(|frame| frame.map_err(|never| match never {}))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Timed { body } => body.is_end_stream(),
            Kind::Buffered { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Timed { body } => body.size_hint(),
            Kind::Buffered { body } => body.size_hint(),
        }
    }
}

impl<B> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}
