//! Ids of sessions and of events: only what the layer has issued is accepted, from its caller alone.
//!
//! The lines of the input: the service's id of the session, its id of an event, two callers, and edits of the ids, each
//! a position and a byte.

use bytes::Bytes;
use http::HeaderValue;

use crate::mcp_layer::{Answer, LAST_EVENT_ID, SESSION_ID, Script, get};

// R-I10, R-I12
pub fn run(data: &[u8]) {
    let mut lines = data.splitn(5, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (session, event) = (line(), line());
    let (owner, caller) = (token(line()), token(line()));
    let edits = line();
    let is_visible = |text: &[u8]| text.iter().all(u8::is_ascii_graphic);
    if !is_visible(session) || !is_visible(event) || event.is_empty() {
        return;
    }
    let sdk_session = HeaderValue::from_bytes(session).unwrap();
    let begun = get(&owner, &[], Script { session: Some(sdk_session.clone()), events: Vec::new() });
    let issued = begun.session.expect("a session id");
    assert_ne!(issued, sdk_session);

    let (for_session, for_event) = edits.split_at(edits.len() / 4 * 2);
    let presented = edited(issued.as_bytes(), for_session);
    let answer = get(&caller, &[(SESSION_ID, &presented)], Script::default());
    let may_use = presented == issued && caller == owner;
    check(&answer, may_use, &[(SESSION_ID, session)]);

    let stream = [b"id:", event, b"\n\n"].concat();
    let script = Script { session: None, events: vec![Bytes::from(stream)] };
    let sent = get(&owner, &[(SESSION_ID, &issued)], script);
    let line = sent.body.strip_prefix(b"id: ").and_then(|it| it.strip_suffix(b"\n\n"));
    let issued_event = HeaderValue::from_bytes(line.expect("an id")).unwrap();
    let presented_event = edited(issued_event.as_bytes(), for_event);
    let headers = [(SESSION_ID, &presented), (LAST_EVENT_ID, &presented_event)];
    let answer = get(&caller, &headers, Script::default());
    let may_resume = may_use && presented_event == issued_event;
    check(&answer, may_resume, &[(SESSION_ID, session), (LAST_EVENT_ID, event)]);
    // Without its session, with another one, and in place of a session.
    for headers in [
        vec![(LAST_EVENT_ID, &presented_event)],
        vec![(SESSION_ID, &presented_event), (LAST_EVENT_ID, &presented_event)],
        vec![(SESSION_ID, &presented), (SESSION_ID, &issued)],
        vec![(SESSION_ID, &sdk_session)],
    ] {
        check(&get(&caller, &headers, Script::default()), false, &[]);
    }
}

/// A token in its grammar.
fn token(text: &[u8]) -> String {
    let allowed = text.iter().filter(|byte| byte.is_ascii_alphanumeric()).take(8);
    let text: String = allowed.map(|byte| char::from(*byte)).collect();
    if text.is_empty() { "alice".to_owned() } else { text }
}

/// Replaces, appends or removes single bytes.
fn edited(id: &[u8], edits: &[u8]) -> HeaderValue {
    let mut text = id.to_vec();
    for edit in edits.chunks_exact(2).take(8) {
        let place = usize::from(edit[0]);
        match edit[1] {
            0 if place < text.len() => drop(text.remove(place)),
            byte if place < text.len() => text[place] = byte,
            byte => text.push(byte),
        }
    }
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_bytes(id).unwrap())
}

/// Either the service gets its own ids, or it is not called.
fn check(answer: &Answer, is_accepted: bool, ids: &[(http::HeaderName, &[u8])]) {
    if !is_accepted {
        assert!(answer.received.is_none(), "the id of another caller is accepted");
        return assert!([400, 404].contains(&answer.status), "{}", answer.status);
    }
    assert_eq!(answer.status, 200);
    let received = answer.received.as_ref().expect("the service is called");
    for (name, id) in ids {
        assert_eq!(received.get(name).map(HeaderValue::as_bytes), Some(*id));
    }
}
