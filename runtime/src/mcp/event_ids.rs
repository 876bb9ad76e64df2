//! The event ids of an event stream (WHATWG HTML, "Server-sent events"), replaced by ids that are valid
//! for the stream's caller alone.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::authenticated_id::EventIdAuthenticator;

/// Rewrites the `id` lines of an event stream that arrives in chunks of any size. All other bytes stay the
/// same.
///
/// Without an authenticator the `id` lines become comments, and the stream cannot be resumed.
#[derive(Debug)]
pub(super) struct EventIdRewriter {
    ids: Option<EventIdAuthenticator>,
    state: State,
    /// The part of an `id` line's value that has arrived.
    value: Vec<u8>,
}

/// The position of the next byte in its line.
#[derive(Debug, Clone, Copy)]
enum State {
    /// At the start of the stream, after this many bytes of a byte-order mark.
    Start(usize),
    LineStart,
    /// After this many bytes of `id`, which are held back.
    Name(usize),
    /// After `id:`; the value is held back.
    Value,
    /// In the value of an `id` line that is too long.
    LongValue,
    /// In any other line.
    OtherLine,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const NAME: &[u8] = b"id";

/// A client could not send a longer id back: servers limit the length of a header.
const MAX_ID_LENGTH: usize = 4 * 1024;

impl EventIdRewriter {
    pub(super) fn new(ids: Option<EventIdAuthenticator>) -> Self {
        Self { ids, state: State::Start(0), value: Vec::new() }
    }

    /// The bytes that can be passed on after this chunk. An `id` line is held back until it ends. If the
    /// stream ends within the line, the line is dropped: the id could have been a longer one.
    pub(super) fn rewrite(&mut self, chunk: Bytes) -> Bytes {
        let mut rewritten = BytesMut::new();
        // The bytes from here to `at` are passed on unchanged.
        let mut unchanged_from = 0;
        let mut at = 0;
        while let Some(byte) = chunk.get(at).copied() {
            match self.state {
                State::Start(matched) => match BYTE_ORDER_MARK.get(matched) {
                    Some(expected) if *expected == byte => {
                        at += 1;
                        self.state = match matched + 1 {
                            whole if whole == BYTE_ORDER_MARK.len() => State::LineStart,
                            part => State::Start(part),
                        };
                    }
                    _ if matched == 0 => self.state = State::LineStart,
                    _ => self.state = State::OtherLine,
                },
                State::LineStart if is_line_end(byte) => at += 1,
                State::LineStart if NAME.first() == Some(&byte) => {
                    if rewritten.is_empty() {
                        // Enough for one id.
                        rewritten.reserve(chunk.len() + self.added_length());
                    }
                    rewritten.extend_from_slice(chunk.get(unchanged_from..at).unwrap_or_default());
                    unchanged_from = at;
                    self.state = State::Name(0);
                }
                State::LineStart => self.state = State::OtherLine,
                State::Name(matched) => match NAME.get(matched) {
                    Some(expected) if *expected == byte => {
                        at += 1;
                        unchanged_from = at;
                        self.state = State::Name(matched + 1);
                    }
                    None if byte == b':' => {
                        at += 1;
                        unchanged_from = at;
                        self.state = State::Value;
                    }
                    _ => {
                        rewritten.extend_from_slice(NAME.get(..matched).unwrap_or_default());
                        self.state = State::OtherLine;
                    }
                },
                State::Value | State::LongValue => {
                    let end = line_end(&chunk, at);
                    self.hold(chunk.get(at..end).unwrap_or_default());
                    at = end;
                    unchanged_from = end;
                    if end < chunk.len() {
                        self.write(&mut rewritten);
                        self.state = State::LineStart;
                    }
                }
                State::OtherLine => {
                    at = line_end(&chunk, at);
                    if at < chunk.len() {
                        self.state = State::LineStart;
                    }
                }
            }
        }
        if rewritten.is_empty() && unchanged_from == 0 {
            return chunk;
        }
        rewritten.extend_from_slice(chunk.get(unchanged_from..).unwrap_or_default());
        rewritten.freeze()
    }

    /// How many bytes longer an `id` line can become.
    fn added_length(&self) -> usize {
        let space = 1;
        self.ids.as_ref().map_or(0, |ids| ids.added_length() + space)
    }

    fn hold(&mut self, part: &[u8]) {
        if self.value.len() + part.len() > MAX_ID_LENGTH {
            self.state = State::LongValue;
            self.value.clear();
        }
        if matches!(self.state, State::Value) {
            self.value.extend_from_slice(part);
        }
    }

    /// Writes the line whose value is complete, without the end of the line.
    fn write(&mut self, rewritten: &mut BytesMut) {
        let value = std::mem::take(&mut self.value);
        let id = value.strip_prefix(b" ").unwrap_or(&value);
        match &self.ids {
            _ if matches!(self.state, State::LongValue) => rewritten.extend_from_slice(b":"),
            // An empty id resets the last event id of the client.
            _ if id.is_empty() => {
                rewritten.extend_from_slice(b"id:");
                rewritten.extend_from_slice(&value);
            }
            Some(ids) => {
                rewritten.extend_from_slice(b"id: ");
                ids.authenticate(id, rewritten);
            }
            None => rewritten.extend_from_slice(b":"),
        }
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The position where the current line ends, or the length of the chunk.
fn line_end(chunk: &[u8], at: usize) -> usize {
    let rest = chunk.get(at..).unwrap_or_default();
    memchr2(b'\r', b'\n', rest).map_or(chunk.len(), |end| at + end)
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use super::*;
    use crate::AuthInfo;
    use crate::mcp::authenticated_id::IdAuthenticator;
    use crate::testing::Caller;

    fn alice() -> AuthInfo {
        Caller::new("alice", "").auth_info()
    }

    fn authenticator() -> IdAuthenticator {
        IdAuthenticator::new(&[1; 32], "").unwrap()
    }

    fn event_id(id: &str) -> String {
        let mut event_id = BytesMut::new();
        authenticator()
            .event_ids(Some(&alice()), None, &[])
            .unwrap()
            .authenticate(id.as_bytes(), &mut event_id);
        String::from_utf8(event_id.to_vec()).unwrap()
    }

    fn rewrite(stream: &str, sizes: impl Fn(usize) -> usize) -> String {
        let mut ids = EventIdRewriter::new(authenticator().event_ids(Some(&alice()), None, &[]));
        let mut stream = Bytes::copy_from_slice(stream.as_bytes());
        let mut rewritten = Vec::new();
        let mut number = 0;
        while !stream.is_empty() {
            let chunk = stream.split_to(sizes(number).clamp(1, stream.len()));
            rewritten.extend(ids.rewrite(chunk));
            number += 1;
        }
        String::from_utf8(rewritten).unwrap()
    }

    #[test]
    fn every_event_id_is_authenticated_wherever_a_chunk_ends() {
        // R-I12
        let one = event_id("1");
        let cases = [
            ("", String::new()),
            ("data: x\n\n", "data: x\n\n".to_owned()),
            ("id: 1\n\n", format!("id: {one}\n\n")),
            ("id:1\n", format!("id: {one}\n")),
            ("id: 1\r\ndata: id: 1\r\n\r\n", format!("id: {one}\r\ndata: id: 1\r\n\r\n")),
            ("id: 1\rid: 1\r\r", format!("id: {one}\rid: {one}\r\r")),
            ("data: x\rid: 1\ndata: y\n", format!("data: x\rid: {one}\ndata: y\n")),
            ("\n\nid: 1\n", format!("\n\nid: {one}\n")),
            ("\u{feff}id: 1\n", format!("\u{feff}id: {one}\n")),
            ("\u{feff}\u{feff}id: 1\nid: 1\n", format!("\u{feff}\u{feff}id: 1\nid: {one}\n")),
            ("\u{fefe}id: 1\n", "\u{fefe}id: 1\n".to_owned()),
            ("data\n\u{feff}id: 1\n", "data\n\u{feff}id: 1\n".to_owned()),
            ("id:\nid: \nid\n", "id:\nid: \nid\n".to_owned()),
            ("id:  1\n", format!("id: {}\n", event_id(" 1"))),
            ("id::1\n", format!("id: {}\n", event_id(":1"))),
            ("id: a.é/1 \n", format!("id: {}\n", event_id("a.é/1 "))),
            ("i\nidx: 1\nID: 1\n id: 1\n:id: 1\nid : 1\nevent: id\n", {
                "i\nidx: 1\nID: 1\n id: 1\n:id: 1\nid : 1\nevent: id\n".to_owned()
            }),
            ("iid: 1\nidid: 1\nid\rid: 1\n", format!("iid: 1\nidid: 1\nid\rid: {one}\n")),
            (": ping\n\nretry: 3\nid: 1\ndata:\n\n", {
                format!(": ping\n\nretry: 3\nid: {one}\ndata:\n\n")
            }),
            // A line that has not ended is incomplete.
            ("data: x\nid: 1", "data: x\n".to_owned()),
            ("data: x\nid", "data: x\n".to_owned()),
        ];
        for (stream, expected) in cases {
            assert_eq!(rewrite(stream, |_| usize::MAX), expected, "{stream:?}");
            for size in 1..4 {
                assert_eq!(rewrite(stream, |_| size), expected, "{stream:?} {size}");
                assert_eq!(rewrite(stream, |n| (n * 7 + size) % 5), expected, "{stream:?} {size}");
            }
        }
    }

    #[test]
    fn without_an_authenticator_no_event_id_is_left() {
        // R-I12
        let mut ids = EventIdRewriter::new(None);
        let rewritten = ids.rewrite(Bytes::from_static(b"id: 1\r\ndata: x\r\n\r\nid:\n"));
        assert_eq!(rewritten, ":\r\ndata: x\r\n\r\nid:\n");
    }

    #[test]
    fn an_event_id_that_is_too_long_is_removed() {
        // R-I12, R-I13
        let longest = "x".repeat(MAX_ID_LENGTH - 1);
        let expected = format!("id: {}\n", event_id(&longest));
        assert_eq!(rewrite(&format!("id: {longest}\n"), |_| 100), expected);
        let one = event_id("1");
        for length in [MAX_ID_LENGTH, 10 * MAX_ID_LENGTH] {
            let stream = format!("id: {}\nid: 1\n", "x".repeat(length));
            for size in [100, usize::MAX] {
                assert_eq!(rewrite(&stream, |_| size), format!(":\nid: {one}\n"), "{length}");
            }
        }
    }

    #[test]
    fn a_chunk_without_an_event_id_is_not_copied() {
        let mut ids = EventIdRewriter::new(None);
        let chunk = Bytes::from_static(b"data: x\n\n: ping\n\n");
        let first = chunk.as_ptr();
        assert_eq!(ids.rewrite(chunk).as_ptr(), first);
    }
}
