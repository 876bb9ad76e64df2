//! Event streams: the layer replaces the ids of events, and nothing else. The first byte of the input is the length of
//! the chunks.

use bytes::Bytes;
use http::HeaderValue;

use crate::mcp_layer::{LAST_EVENT_ID, Script, get};

/// A longer id is left out.
const MAX_ID_LENGTH: usize = 4096;

// R-I12
pub fn run(data: &[u8]) {
    let Some((length, stream)) = data.split_first() else { return };
    let chunks = |length: usize| {
        let events = stream.chunks(length).map(Bytes::copy_from_slice).collect();
        get("alice", &[], Script { session: None, events }).body
    };
    let rewritten = chunks(usize::from(*length).max(1));
    let whole = chunks(stream.len().max(1));
    let [original_lines, rewritten_lines, whole_lines] =
        [stream, &*rewritten, &*whole].map(complete_lines);
    assert_eq!(rewritten_lines, whole_lines, "the lengths of the chunks change the stream");
    assert_eq!(original_lines.len(), rewritten_lines.len());
    let mut verified = 0;
    for (place, (original, rewritten)) in original_lines.iter().zip(&rewritten_lines).enumerate() {
        let text = original.strip_prefix(b"\xef\xbb\xbf").filter(|_| place == 0);
        let id = text.unwrap_or(original).strip_prefix(b"id:");
        let id = id.map(|value| (value, value.strip_prefix(b" ").unwrap_or(value)));
        let Some((value, id)) = id.filter(|(_, id)| !id.is_empty()) else {
            assert_eq!(original, rewritten, "line {place}");
            continue;
        };
        let rewritten = match text {
            Some(_) => rewritten.strip_prefix(b"\xef\xbb\xbf").expect("the byte order mark"),
            None => rewritten,
        };
        if value.len() > MAX_ID_LENGTH {
            assert_eq!(rewritten, b":");
            continue;
        }
        let authenticated = rewritten.strip_prefix(b"id: ").expect("an id");
        assert!(authenticated.starts_with(id), "line {place}");
        verified += 1;
        if verified < 4 {
            verify(id, authenticated);
        }
    }
}

/// The lines that are ended.
fn complete_lines(stream: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> = stream.split(|byte| matches!(byte, b'\r' | b'\n')).collect();
    lines.pop();
    lines
}

/// The id resumes the stream for its caller, with the id of the service, and for nobody else.
fn verify(id: &[u8], authenticated: &[u8]) {
    let Ok(header) = HeaderValue::from_bytes(authenticated) else { return };
    let own = get("alice", &[(LAST_EVENT_ID, &header)], Script::default());
    let received = own.received.expect("the service is called");
    assert_eq!((own.status, received.get(LAST_EVENT_ID).unwrap().as_bytes()), (200, id));
    let other = get("bob", &[(LAST_EVENT_ID, &header)], Script::default());
    assert_eq!((other.status, other.received), (404, None));
}
