//! Response bodies that never end or break off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;
use tokio::time::Interval;

/// The beginning of a JSON document, followed by spaces without end.
pub(crate) enum Spaces {
    /// The flag says whether the beginning has been sent.
    Dripping(Interval, bool),
    Endless(bool),
}

impl Spaces {
    pub(crate) fn dripping(interval: Duration) -> Body {
        // `interval` panics on zero.
        Body::new(Self::Dripping(
            tokio::time::interval(interval.max(Duration::from_millis(1))),
            false,
        ))
    }

    pub(crate) fn endless() -> Body {
        Body::new(Self::Endless(false))
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
        let (sent, next) = match &mut *self {
            Self::Dripping(interval, sent) => {
                ready!(interval.poll_tick(cx));
                (sent, SPACE)
            }
            Self::Endless(sent) => (sent, MANY_SPACES),
        };
        let data = if std::mem::replace(sent, true) { next } else { BEGINNING };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(data)))))
    }
}

/// Some bytes, and then an error, at which the connection is closed.
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
            // The connection sends what it has buffered when a poll returns no data.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())))
    }
}
