//! The ids of the events in an event stream (WHATWG HTML, "Server-sent events"), sealed for the
//! caller who gets them.

use bytes::{Bytes, BytesMut};

use super::authenticated_id::EventIdAuthenticator;

/// Rewrites the `id` lines of an event stream as it passes, in pieces of any size. Everything else
/// stays as it is, byte for byte.
///
/// Where there is nothing to seal ids with, they become comments: then the stream cannot be resumed.
#[derive(Debug)]
pub(super) struct EventIdRewriter {
    ids: Option<EventIdAuthenticator>,
    state: State,
    /// What has come of the value of an `id` line.
    value: Vec<u8>,
}

/// Where in a line the next byte stands.
#[derive(Debug, Clone, Copy)]
enum State {
    /// At the very beginning, behind so many bytes of a byte-order mark.
    Begin(usize),
    LineStart,
    /// Behind so many bytes of `id`, which are held back.
    Name(usize),
    /// Behind `id:`; the value is held back.
    Value,
    /// In a value that is too long to be one.
    LongValue,
    /// In a line that is none of an id.
    OtherLine,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const NAME: &[u8] = b"id";

/// A longer id would not come back: servers bound the header that carries it.
const LONGEST_ID: usize = 4 * 1024;

impl EventIdRewriter {
    pub(super) fn new(ids: Option<EventIdAuthenticator>) -> Self {
        Self { ids, state: State::Begin(0), value: Vec::new() }
    }

    /// What can be passed on once this piece has come. The beginning of an `id` line waits for its
    /// end. A stream that ends within one has no such id: it could be the beginning of another one.
    pub(super) fn rewrite(&mut self, piece: Bytes) -> Bytes {
        let mut rewritten = BytesMut::new();
        // What is behind here, and not behind `at`, is passed on as it is.
        let mut kept = 0;
        let mut at = 0;
        while let Some(byte) = piece.get(at).copied() {
            match self.state {
                State::Begin(matched) => match BYTE_ORDER_MARK.get(matched) {
                    Some(expected) if *expected == byte => {
                        at += 1;
                        self.state = match matched + 1 {
                            whole if whole == BYTE_ORDER_MARK.len() => State::LineStart,
                            part => State::Begin(part),
                        };
                    }
                    _ if matched == 0 => self.state = State::LineStart,
                    _ => self.state = State::OtherLine,
                },
                State::LineStart if is_line_end(byte) => at += 1,
                State::LineStart if NAME.first() == Some(&byte) => {
                    rewritten.extend_from_slice(piece.get(kept..at).unwrap_or_default());
                    kept = at;
                    self.state = State::Name(0);
                }
                State::LineStart => self.state = State::OtherLine,
                State::Name(matched) => match NAME.get(matched) {
                    Some(expected) if *expected == byte => {
                        at += 1;
                        kept = at;
                        self.state = State::Name(matched + 1);
                    }
                    None if byte == b':' => {
                        at += 1;
                        kept = at;
                        self.state = State::Value;
                    }
                    _ => {
                        rewritten.extend_from_slice(NAME.get(..matched).unwrap_or_default());
                        self.state = State::OtherLine;
                    }
                },
                State::Value | State::LongValue => {
                    let end = line_end(&piece, at);
                    self.hold(piece.get(at..end).unwrap_or_default());
                    at = end;
                    kept = end;
                    if end < piece.len() {
                        self.write(&mut rewritten);
                        self.state = State::LineStart;
                    }
                }
                State::OtherLine => {
                    at = line_end(&piece, at);
                    if at < piece.len() {
                        self.state = State::LineStart;
                    }
                }
            }
        }
        if rewritten.is_empty() && kept == 0 {
            return piece;
        }
        rewritten.extend_from_slice(piece.get(kept..).unwrap_or_default());
        rewritten.freeze()
    }

    fn hold(&mut self, part: &[u8]) {
        if self.value.len() + part.len() > LONGEST_ID {
            self.state = State::LongValue;
            self.value.clear();
        }
        if matches!(self.state, State::Value) {
            self.value.extend_from_slice(part);
        }
    }

    /// Writes the line whose value has come, without its end.
    fn write(&mut self, rewritten: &mut BytesMut) {
        let value = std::mem::take(&mut self.value);
        let id = value.strip_prefix(b" ").unwrap_or(&value);
        match &self.ids {
            _ if matches!(self.state, State::LongValue) => rewritten.extend_from_slice(b":"),
            // It says that there is no last event.
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

/// Where the line ends that has begun, or else the piece.
fn line_end(piece: &[u8], at: usize) -> usize {
    let rest = piece.get(at..).unwrap_or_default();
    rest.iter().position(|byte| is_line_end(*byte)).map_or(piece.len(), |end| at + end)
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

    fn sealed(id: &str) -> String {
        let mut sealed = Vec::new();
        authenticator()
            .event_ids(Some(&alice()), None, &[])
            .unwrap()
            .authenticate(id.as_bytes(), &mut sealed);
        String::from_utf8(sealed).unwrap()
    }

    fn rewrite(stream: &str, pieces: impl Fn(usize) -> usize) -> String {
        let mut ids = EventIdRewriter::new(authenticator().event_ids(Some(&alice()), None, &[]));
        let mut stream = Bytes::copy_from_slice(stream.as_bytes());
        let mut rewritten = Vec::new();
        let mut number = 0;
        while !stream.is_empty() {
            let piece = stream.split_to(pieces(number).clamp(1, stream.len()));
            rewritten.extend(ids.rewrite(piece));
            number += 1;
        }
        String::from_utf8(rewritten).unwrap()
    }

    #[test]
    fn every_id_is_sealed_wherever_the_pieces_end() {
        // R-I12
        let one = sealed("1");
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
            ("id:  1\n", format!("id: {}\n", sealed(" 1"))),
            ("id::1\n", format!("id: {}\n", sealed(":1"))),
            ("id: a.é/1 \n", format!("id: {}\n", sealed("a.é/1 "))),
            ("i\nidx: 1\nID: 1\n id: 1\n:id: 1\nid : 1\nevent: id\n", {
                "i\nidx: 1\nID: 1\n id: 1\n:id: 1\nid : 1\nevent: id\n".to_owned()
            }),
            ("iid: 1\nidid: 1\nid\rid: 1\n", format!("iid: 1\nidid: 1\nid\rid: {one}\n")),
            (": ping\n\nretry: 3\nid: 1\ndata:\n\n", {
                format!(": ping\n\nretry: 3\nid: {one}\ndata:\n\n")
            }),
            // What has not ended could go on.
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
    fn without_a_seal_no_id_is_left() {
        // R-I12
        let mut ids = EventIdRewriter::new(None);
        let rewritten = ids.rewrite(Bytes::from_static(b"id: 1\r\ndata: x\r\n\r\nid:\n"));
        assert_eq!(rewritten, ":\r\ndata: x\r\n\r\nid:\n");
    }

    #[test]
    fn an_id_that_is_too_long_is_not_kept() {
        // R-I12, R-I13
        let longest = "x".repeat(LONGEST_ID - 1);
        let expected = format!("id: {}\n", sealed(&longest));
        assert_eq!(rewrite(&format!("id: {longest}\n"), |_| 100), expected);
        let one = sealed("1");
        for length in [LONGEST_ID, 10 * LONGEST_ID] {
            let stream = format!("id: {}\nid: 1\n", "x".repeat(length));
            for size in [100, usize::MAX] {
                assert_eq!(rewrite(&stream, |_| size), format!(":\nid: {one}\n"), "{length}");
            }
        }
    }

    #[test]
    fn a_piece_without_an_id_is_not_copied() {
        let mut ids = EventIdRewriter::new(None);
        let piece = Bytes::from_static(b"data: x\n\n: ping\n\n");
        let first = piece.as_ptr();
        assert_eq!(ids.rewrite(piece).as_ptr(), first);
    }
}
