//! Bodies that no well-behaved server sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;
use tokio::time::{Interval, interval};

/// The beginning of a JSON document, then spaces, forever.
pub(crate) enum Spaces {
    Dripping(Interval, bool),
    Flooding(bool),
}

impl Spaces {
    pub(crate) fn dripping(every: Duration) -> Body {
        // `interval` panics on zero.
        Body::new(Self::Dripping(interval(every.max(Duration::from_millis(1))), false))
    }

    pub(crate) fn flooding() -> Body {
        Body::new(Self::Flooding(false))
    }
}

const BEGINNING: &[u8] = b"{";
const SPACE: &[u8] = b" ";
const MANY_SPACES: &[u8] = &[b' '; 16 * 1024];

impl HttpBody for Spaces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let (begun, next) = match &mut *self {
            Self::Dripping(interval, begun) => {
                ready!(interval.poll_tick(cx));
                (begun, SPACE)
            }
            Self::Flooding(begun) => (begun, MANY_SPACES),
        };
        let data = if std::mem::replace(begun, true) { next } else { BEGINNING };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(data)))))
    }
}

/// Some bytes, and then a failure, on which the connection is closed.
pub(crate) struct Broken {
    first: Option<Bytes>,
    flushed: bool,
}

impl Broken {
    pub(crate) fn after(first: Bytes) -> Body {
        Body::new(Self { first: Some(first), flushed: false })
    }
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if !self.flushed {
            // One turn without data is when the connection sends what it has.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())))
    }
}
