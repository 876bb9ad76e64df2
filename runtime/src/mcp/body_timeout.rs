//! A request body that has to arrive in time.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::authenticated_request::AuthenticatedRequest;

/// The body of a request, as it comes: if it takes too long, it ends with an error.
pub struct TimedBody<B> {
    body: Pin<Box<B>>,
    timeout: Duration,
    begun: Instant,
    /// Only for a body that has to be waited for.
    timer: Option<Pin<Box<Sleep>>>,
    /// Of the request, whose answer then is a 408.
    authenticated: Arc<AuthenticatedRequest>,
}

/// A body took longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
struct Timeout;

impl<B> TimedBody<B> {
    pub(super) fn new(
        body: B,
        timeout: Duration,
        authenticated: &Arc<AuthenticatedRequest>,
    ) -> Self {
        let (body, begun, authenticated) =
            (Box::pin(body), Instant::now(), Arc::clone(authenticated));
        Self { body, timeout, begun, timer: None, authenticated }
    }

    fn mark_timed_out(&self) -> Box<dyn Error + Send + Sync> {
        self.authenticated.mark_timed_out();
        Box::new(Timeout)
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
        let this = self.get_mut();
        let frame = this.body.as_mut().poll_frame(context);
        match frame {
            // One that arrives in small pieces may never have to be waited for.
            Poll::Ready(Some(Ok(_))) if this.begun.elapsed() >= this.timeout => {
                Poll::Ready(Some(Err(this.mark_timed_out())))
            }
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => {
                let left = this.timeout.saturating_sub(this.begun.elapsed());
                let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(left)));
                ready!(timer.as_mut().poll(context));
                Poll::Ready(Some(Err(this.mark_timed_out())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> fmt::Debug for TimedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedBody").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
