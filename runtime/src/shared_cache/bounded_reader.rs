//! Limits on the replies of the store, checked while they are received.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest reply, in bytes. A reply holds at most one entry, or one page of the stream.
const MAX_REPLY_LENGTH: usize = 512 * 1024;

/// The number of values in one reply at most, those in nested arrays included. A page of the stream has six
/// per message. The client library uses far more memory for a value than it takes in the reply.
const MAX_VALUES: usize = 8 * 1024;

/// A stream of replies in RESP2 or RESP3 that fails at the first one that is too large. A length is rejected
/// when it is announced, before the client library allocates memory for it.
pub(super) struct BoundedReader<S> {
    stream: S,
    replies: Replies,
}

impl<S> BoundedReader<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, replies: Replies::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for BoundedReader<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let received = buffer.filled().get(before..).unwrap_or_default();
        Poll::Ready(match this.replies.receive(received) {
            Some(()) => Ok(()),
            None => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the reply of the store is malformed, or larger than any that it should send",
            )),
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for BoundedReader<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// The position in the current reply. Lines end with CR and LF, as in the client library, so that both
/// parse the same replies.
#[derive(Default)]
struct Replies {
    line: Line,
    /// The remaining bytes of a bulk string, with the CR and LF after it.
    bulk: usize,
    /// The remaining values of the reply, the current one included.
    left: usize,
    values: usize,
    bytes: usize,
}

/// The line that begins a value.
#[derive(Default)]
struct Line {
    /// The first byte.
    kind: Option<u8>,
    negative: bool,
    /// The number after the first byte, if there is one.
    number: Option<usize>,
    not_a_number: bool,
    /// Whether the last byte was a CR.
    cr: bool,
}

impl Replies {
    /// `None` for a reply that is too large or malformed.
    fn receive(&mut self, mut bytes: &[u8]) -> Option<()> {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.bulk > 0 {
                let length = self.bulk.min(bytes.len());
                bytes = bytes.get(length..).unwrap_or_default();
                self.bulk -= length;
                self.count_bytes(length)?;
                if self.bulk == 0 {
                    self.end_value();
                }
                continue;
            }
            bytes = rest;
            self.count_bytes(1)?;
            if self.line.push(byte) {
                let line = std::mem::take(&mut self.line);
                self.begin_value(&line)?;
            }
        }
        Some(())
    }

    fn count_bytes(&mut self, count: usize) -> Option<()> {
        self.bytes = self.bytes.checked_add(count)?;
        (self.bytes <= MAX_REPLY_LENGTH).then_some(())
    }

    fn begin_value(&mut self, line: &Line) -> Option<()> {
        if self.left == 0 {
            self.left = 1;
            self.values = 1;
        }
        match line.kind? {
            // Nil in RESP2
            b'$' | b'*' if line.is_negative() => self.end_value(),
            b'$' | b'!' | b'=' => {
                let length = line.length()?;
                if length > MAX_REPLY_LENGTH {
                    return None;
                }
                self.bulk = length + 2;
            }
            b'*' | b'~' | b'>' => self.begin_members(line.length()?)?,
            b'%' => self.begin_members(line.length()?.checked_mul(2)?)?,
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => self.end_value(),
            // Attributes are never requested.
            _ => return None,
        }
        Some(())
    }

    fn begin_members(&mut self, count: usize) -> Option<()> {
        self.values = self.values.checked_add(count).filter(|&values| values <= MAX_VALUES)?;
        self.left += count;
        self.end_value();
        Some(())
    }

    fn end_value(&mut self) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.bytes = 0;
        }
    }
}

impl Line {
    /// Adds a byte. Returns whether it ends the line.
    fn push(&mut self, byte: u8) -> bool {
        if self.cr && byte == b'\n' {
            return true;
        }
        // A CR without an LF belongs to the text.
        self.not_a_number |= self.cr;
        self.cr = byte == b'\r';
        match byte {
            _ if self.kind.is_none() => self.kind = Some(byte),
            b'\r' => {}
            b'-' if self.number.is_none() && !self.negative => self.negative = true,
            b'0'..=b'9' => {
                let digit = usize::from(byte - b'0');
                let number = self.number.unwrap_or_default();
                self.number = Some(number.saturating_mul(10).saturating_add(digit));
            }
            _ => self.not_a_number = true,
        }
        false
    }

    fn length(&self) -> Option<usize> {
        if self.negative || self.not_a_number { None } else { self.number }
    }

    fn is_negative(&self) -> bool {
        self.negative && self.number.is_some() && !self.not_a_number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the replies are accepted; the same in one piece and byte by byte.
    fn accepted(bytes: &[u8]) -> bool {
        let mut replies = Replies::default();
        let whole = replies.receive(bytes).is_some();
        let mut replies = Replies::default();
        let pieces = bytes.iter().all(|byte| replies.receive(&[*byte]).is_some());
        assert_eq!(whole, pieces, "{:?}", String::from_utf8_lossy(bytes));
        whole
    }

    #[test]
    fn replies_within_the_limits_are_accepted() {
        // R-E10
        for reply in [
            "+OK\r\n",
            "-ERR something\nelse\r\n",
            ":-12\r\n",
            "$-1\r\n",
            "*-1\r\n",
            "$0\r\n\r\n",
            "$3\r\na\r\n\r\n",
            "*0\r\n",
            "*2\r\n$1\r\nx\r\n*1\r\n*-1\r\n",
            "%1\r\n+a\r\n#t\r\n_\r\n,1.5\r\n(12\r\n~1\r\n:1\r\n>1\r\n+invalidate\r\n=5\r\ntxt:a\r\n",
        ] {
            assert!(accepted(reply.as_bytes()), "{reply:?}");
        }
        let longest =
            format!("${}\r\n{}\r\n", MAX_REPLY_LENGTH - 16, "x".repeat(MAX_REPLY_LENGTH - 16));
        // The limits hold for each reply separately.
        assert!(accepted(longest.repeat(3).as_bytes()));
        let most = format!("*{}\r\n{}", MAX_VALUES - 1, ":1\r\n".repeat(MAX_VALUES - 1));
        assert!(accepted(most.repeat(3).as_bytes()));
    }

    #[test]
    fn a_length_is_rejected_when_it_is_announced() {
        // R-E10
        for reply in [
            "$536870912\r\n",
            "$99999999999999999999999999\r\n",
            "*2\r\n$1\r\nx\r\n$600000\r\n",
            "!600000\r\n",
            "=600000\r\n",
            "*2000000000\r\n",
            "%5000\r\n",
            ">10000\r\n",
            "~10000\r\n",
            "*5000\r\n*5000\r\n",
        ] {
            assert!(!accepted(reply.as_bytes()), "{reply:?}");
        }
        let nested = "*2\r\n".repeat(MAX_VALUES);
        assert!(!accepted(nested.as_bytes()));
        let several =
            format!("*3\r\n{}", format!("$200000\r\n{}\r\n", "x".repeat(200_000)).repeat(3));
        assert!(!accepted(several.as_bytes()));
        assert!(!accepted(format!("+{}", "x".repeat(MAX_REPLY_LENGTH + 1)).as_bytes()), "no end");
    }

    #[test]
    fn a_reply_that_the_client_would_parse_differently_is_rejected() {
        // R-E10: otherwise a large reply could be hidden in a small one.
        for reply in
            ["$ 5\r\n", "$+5\r\n", "$5\r6\r\n", "$\r\n", "$--5\r\n", "|1\r\n", "\r\n", "?\r\n"]
        {
            assert!(!accepted(reply.as_bytes()), "{reply:?}");
        }
        // An LF alone ends no line: the length after it is text.
        assert!(accepted(b"+a\n$600000\r\n+b\r\n"));
        assert!(!accepted(b"+a\r\n$600000\r\n"));
    }
}
