//! Reading the body of a request whose operation is not in its headers.

use std::error::Error;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::mcp::layer_error::LayerError;

pin_project! {
    /// Reads a body of at most `max_length` bytes.
    pub(in crate::mcp) struct ReadBody<B> {
        #[pin]
        body: B,
        max_length: usize,
        // Most bodies arrive in one frame, which is returned without a copy.
        first: Bytes,
        whole: BytesMut,
    }
}

impl<B> ReadBody<B> {
    pub(in crate::mcp) fn new(body: B, max_length: usize) -> Self {
        Self { body, max_length, first: Bytes::new(), whole: BytesMut::new() }
    }
}

impl<B> Future for ReadBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = Result<Bytes, LayerError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        while let Some(frame) = ready!(this.body.as_mut().poll_frame(context)) {
            let frame = frame.map_err(|_| LayerError::BodyUnreadable)?;
            let Ok(data) = frame.into_data() else { continue };
            let length = this.first.len().max(this.whole.len());
            if data.len() > this.max_length.saturating_sub(length) {
                return Poll::Ready(Err(LayerError::BodyTooLarge));
            }
            if this.first.is_empty() {
                *this.first = data;
                continue;
            }
            if this.whole.is_empty() {
                this.whole.extend_from_slice(this.first);
            }
            this.whole.extend_from_slice(&data);
        }
        let (first, whole) = (mem::take(this.first), mem::take(this.whole));
        Poll::Ready(Ok(if whole.is_empty() { first } else { whole.freeze() }))
    }
}

#[cfg(test)]
mod tests {
    use http_body::Frame;

    use super::*;

    /// A body with these frames.
    struct Pieces(std::slice::Iter<'static, &'static str>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(
                self.0.next().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))),
            )
        }
    }

    #[tokio::test]
    async fn a_body_of_any_number_of_frames_is_read_up_to_the_limit() {
        // R-I3
        let cases: [(&[&str], &str); 5] = [
            (&[], ""),
            (&["abc"], "abc"),
            (&["", "a", "", "b", "c"], "abc"),
            (&["ab", "c"], "abc"),
            (&["a", "bc", ""], "abc"),
        ];
        for (pieces, whole) in cases {
            for max_length in 0..5 {
                let read = ReadBody::new(Pieces(pieces.iter()), max_length).await;
                if max_length < whole.len() {
                    assert!(
                        matches!(read, Err(LayerError::BodyTooLarge)),
                        "{pieces:?} {max_length}"
                    );
                } else {
                    assert_eq!(read.unwrap(), whole, "{pieces:?} {max_length}");
                }
            }
        }
    }
}
