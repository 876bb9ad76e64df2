//! A request body with a deadline.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

use crate::mcp::authenticated_request::AuthenticatedRequest;

pin_project! {
    /// Passes a body on as it arrives, and ends it with an error once the timeout has elapsed.
    pub(super) struct TimedBody<B> {
        #[pin]
        body: B,
        timeout: Duration,
        started: Instant,
        // Only set for a body that was pending once.
        timer: Option<Pin<Box<Sleep>>>,
        // Records the timeout, so that the layer answers 408.
        request: Arc<AuthenticatedRequest>,
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
struct BodyTimeoutError;

impl<B> TimedBody<B> {
    pub(super) fn new(body: B, timeout: Duration, request: &Arc<AuthenticatedRequest>) -> Self {
        let (started, request) = (Instant::now(), Arc::clone(request));
        Self { body, timeout, started, timer: None, request }
    }
}

impl<B> Body for TimedBody<B>
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
        let this = self.project();
        match this.body.poll_frame(context) {
            // A body that arrives in small frames may never be pending, so the timer alone does not
            // suffice.
            Poll::Ready(Some(Ok(_))) if this.started.elapsed() >= *this.timeout => {}
            Poll::Ready(frame) => {
                return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
            }
            Poll::Pending => {
                let left = this.timeout.saturating_sub(this.started.elapsed());
                let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(left)));
                ready!(timer.as_mut().poll(context));
            }
        }
        this.request.set_timed_out();
        Poll::Ready(Some(Err(Box::new(BodyTimeoutError))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
