//! Sessions of earlier revisions and events of resumable streams, which belong to the caller who
//! opened them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::AuthInfo;

/// Seals the ids of sessions and of events: what the client gets is the id of the SDK and, behind a
/// dot, a code that only this server can compute for this caller. So nothing has to be stored about a
/// session or a stream, and an id is worth nothing to anybody else.
pub(super) struct IdAuthenticator {
    sessions: Hmac<Sha256>,
    /// Keyed otherwise, so that an id of a session is never one of an event.
    events: Hmac<Sha256>,
    principals: Hmac<Sha256>,
}

/// The length of the code; a shorter key is weaker than the code (RFC 2104 §3).
const SHORTEST_KEY: usize = 32;

/// How many bytes the decoder wants room for; longer ones are nobody's.
const LONGEST_CODE: usize = 48;

impl IdAuthenticator {
    /// For one resource server, whose events are none of another one with the same key; `None` for a
    /// key that is too short.
    pub(super) fn new(key: &[u8], resource: &str) -> Option<Self> {
        let key = Some(key).filter(|key| key.len() >= SHORTEST_KEY)?;
        let sessions: Hmac<Sha256> = Hmac::new_from_slice(key).ok()?;
        let derived = |purpose: &str| {
            let mut key = sessions.clone();
            key.update(purpose.as_bytes());
            update(&mut key, Some(resource.as_bytes()));
            Hmac::new_from_slice(&key.finalize().into_bytes()).ok()
        };
        let events = derived("requires-auth event ids")?;
        let principals = derived("requires-auth principals")?;
        Some(Self { sessions, events, principals })
    }

    pub(super) fn seal(&self, id: &str, caller: Option<&AuthInfo>) -> String {
        let code = self.code(id, caller).finalize().into_bytes();
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(code))
    }

    /// The id of the SDK; `None` if the session is somebody else's, or none.
    pub(super) fn open<'a>(&self, sealed: &'a str, caller: Option<&AuthInfo>) -> Option<&'a str> {
        let (id, code) = sealed.rsplit_once('.')?;
        is_code(self.code(id, caller), code.as_bytes()).then_some(id)
    }

    fn code(&self, id: &str, caller: Option<&AuthInfo>) -> Hmac<Sha256> {
        let mut code = self.sessions.clone();
        for part in principal(caller) {
            update(&mut code, part.map(str::as_bytes));
        }
        update(&mut code, Some(id.as_bytes()));
        code
    }

    /// What stands for a caller, without saying who that is.
    pub(super) fn principal(&self, caller: Option<&AuthInfo>) -> Principal {
        let mut code = self.principals.clone();
        for part in principal(caller) {
            update(&mut code, part.map(str::as_bytes));
        }
        Principal(code.finalize().into_bytes().into())
    }

    /// Seals the events of one stream for its caller, within its session if it has one. The scopes
    /// that the stream was begun with go along, for its events may only be sent again to a token that
    /// has them still.
    ///
    /// `None` for an anonymous caller without a session: all of these look alike, so none of them
    /// can show that a stream was its own.
    pub(super) fn events(
        &self,
        caller: Option<&AuthInfo>,
        session: Option<&str>,
        scopes: &[Value],
    ) -> Option<EventIdAuthenticator> {
        if caller.is_none() && session.is_none() {
            return None;
        }
        let scopes = match scopes {
            [] => String::new(),
            scopes => URL_SAFE_NO_PAD.encode(serde_json::to_vec(scopes).ok()?),
        };
        let code = self.stream(caller, session, scopes.as_bytes());
        Some(EventIdAuthenticator { code, scopes })
    }

    /// The event store's id of an event, and the scopes of its stream; `None` if the event is not one
    /// of this caller, or of another session.
    pub(super) fn open_event<'a>(
        &self,
        sealed: &'a [u8],
        caller: Option<&AuthInfo>,
        session: Option<&str>,
    ) -> Option<(&'a [u8], Vec<Value>)> {
        if caller.is_none() && session.is_none() {
            return None;
        }
        let (rest, code) = rsplit_at_dot(sealed)?;
        let (id, scopes) = rsplit_at_dot(rest)?;
        let mut expected = self.stream(caller, session, scopes);
        update(&mut expected, Some(id));
        if id.is_empty() || !is_code(expected, code) {
            return None;
        }
        let scopes = match scopes {
            [] => Vec::new(),
            scopes => serde_json::from_slice(&URL_SAFE_NO_PAD.decode(scopes).ok()?).ok()?,
        };
        Some((id, scopes))
    }

    fn stream(
        &self,
        caller: Option<&AuthInfo>,
        session: Option<&str>,
        scopes: &[u8],
    ) -> Hmac<Sha256> {
        let mut code = self.events.clone();
        for part in principal(caller).into_iter().chain([session]) {
            update(&mut code, part.map(str::as_bytes));
        }
        update(&mut code, Some(scopes));
        code
    }
}

/// Seals the ids of the events of one stream.
pub(super) struct EventIdAuthenticator {
    code: Hmac<Sha256>,
    scopes: String,
}

impl EventIdAuthenticator {
    /// Appends what the client gets for this id.
    pub(super) fn seal(&self, id: &[u8], sealed: &mut impl Extend<u8>) {
        let mut code = self.code.clone();
        update(&mut code, Some(id));
        let code = URL_SAFE_NO_PAD.encode(code.finalize().into_bytes());
        for part in [id, b".", self.scopes.as_bytes(), b".", code.as_bytes()] {
            sealed.extend(part.iter().copied());
        }
    }
}

/// A caller, as far as another one must not be mistaken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Principal([u8; 32]);

/// Each part with its length, so that no two lists of parts look alike. They come from headers and
/// from answers of bounded size, and short lengths can spare a block.
fn update(code: &mut Hmac<Sha256>, part: Option<&[u8]>) {
    let length = part.map_or(Some(u32::MAX), |part| u32::try_from(part.len()).ok());
    code.update(&length.unwrap_or(u32::MAX - 1).to_be_bytes());
    code.update(part.unwrap_or_default());
}

fn is_code(expected: Hmac<Sha256>, code: &[u8]) -> bool {
    let mut decoded = [0; LONGEST_CODE];
    let length = URL_SAFE_NO_PAD.decode_slice(code, &mut decoded).ok();
    let decoded = length.and_then(|length| decoded.get(..length));
    decoded.is_some_and(|decoded| expected.verify_slice(decoded).is_ok())
}

fn rsplit_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = text.iter().rposition(|byte| *byte == b'.')?;
    let (before, behind) = text.split_at(dot);
    Some((before, behind.get(1..)?))
}

/// Whether two tokens speak for the same principal.
pub(super) fn is_same_principal(one: &AuthInfo, other: &AuthInfo) -> bool {
    principal(Some(one)) == principal(Some(other))
}

/// Whom a session belongs to: issuer, subject and client. A token that names neither a subject nor
/// a client stands for itself alone.
fn principal(caller: Option<&AuthInfo>) -> [Option<&str>; 4] {
    let Some(caller) = caller else { return [None; 4] };
    let nameless = caller.subject().is_none() && caller.client_id().is_none();
    let token = nameless.then(|| caller.token().expose());
    [caller.issuer(), caller.subject(), caller.client_id(), token]
}

impl fmt::Debug for EventIdAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventIdAuthenticator(..)")
    }
}

impl fmt::Debug for IdAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdAuthenticator(..)")
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Caller;

    fn seal(key: u8) -> IdAuthenticator {
        IdAuthenticator::new(&[key; SHORTEST_KEY], "https://a.example/").unwrap()
    }

    fn caller(issuer: &str, subject: Option<&str>, client: Option<&str>) -> AuthInfo {
        let caller = Caller::new("", "").claim("sub", subject).claim("client_id", client);
        caller.claim("iss", issuer).auth_info()
    }

    #[test]
    fn a_session_opens_for_its_caller_and_with_its_key() {
        // R-I10
        let alice = caller("https://a.example", Some("alice"), Some("app"));
        let sealed = seal(1).seal("id", Some(&alice));
        assert_eq!(seal(1).open(&sealed, Some(&alice)), Some("id"), "in any process with the key");
        assert_eq!(seal(2).open(&sealed, Some(&alice)), None);
        for other in [
            caller("https://b.example", Some("alice"), Some("app")),
            caller("https://a.example", Some("bob"), Some("app")),
            caller("https://a.example", Some("alice"), Some("other")),
            caller("https://a.example", None, Some("app")),
            // The same letters, in other places.
            caller("https://a.example", Some("alic"), Some("eapp")),
            caller("https://a.examplealice", None, Some("app")),
        ] {
            assert_eq!(seal(1).open(&sealed, Some(&other)), None, "{other:?}");
        }
        assert_eq!(seal(1).open(&sealed, None), None);
    }

    #[test]
    fn nobody_is_somebody_too() {
        // R-I10
        let sealed = seal(1).seal("id", None);
        assert_eq!(seal(1).open(&sealed, None), Some("id"));
        let nameless = caller("https://a.example", None, None);
        assert_eq!(seal(1).open(&sealed, Some(&nameless)), None);
        let sealed = seal(1).seal("id", Some(&nameless));
        assert_eq!(seal(1).open(&sealed, Some(&nameless)), Some("id"), "the same token");
        assert_eq!(seal(1).open(&sealed, None), None);
    }

    fn sealed(caller: Option<&AuthInfo>, session: Option<&str>, scopes: &[Value]) -> Vec<u8> {
        let mut sealed = Vec::new();
        seal(1).events(caller, session, scopes).unwrap().seal(b"a.1/7", &mut sealed);
        sealed
    }

    #[test]
    fn an_event_opens_for_its_caller_within_its_session() {
        // R-I12
        let alice = caller("https://a.example", Some("alice"), Some("app"));
        let own = sealed(Some(&alice), Some("s"), &["read".into(), json!({ "any": ["a", "b"] })]);
        let (id, scopes) = seal(1).open_event(&own, Some(&alice), Some("s")).unwrap();
        assert_eq!(id, b"a.1/7");
        assert_eq!(scopes, [json!("read"), json!({ "any": ["a", "b"] })]);
        let nameless = caller("https://a.example", None, None);
        for other in [
            Some(&caller("https://b.example", Some("alice"), Some("app"))),
            Some(&caller("https://a.example", Some("bob"), Some("app"))),
            Some(&caller("https://a.example", Some("alice"), Some("other"))),
            Some(&nameless),
            None,
        ] {
            assert_eq!(seal(1).open_event(&own, other, Some("s")), None, "{other:?}");
        }
        for session in [None, Some(""), Some("t")] {
            assert_eq!(seal(1).open_event(&own, Some(&alice), session), None, "{session:?}");
        }
        assert_eq!(seal(2).open_event(&own, Some(&alice), Some("s")), None, "another key");
        let other = IdAuthenticator::new(&[1; SHORTEST_KEY], "https://b.example/").unwrap();
        assert_eq!(other.open_event(&own, Some(&alice), Some("s")), None, "another server");
        for at in 0..own.len() {
            let mut forged = own.clone();
            forged[at] ^= 1;
            assert_eq!(seal(1).open_event(&forged, Some(&alice), Some("s")), None, "{at}");
            assert_eq!(seal(1).open_event(&own[at + 1..], Some(&alice), Some("s")), None, "{at}");
            assert_eq!(seal(1).open_event(&own[..at], Some(&alice), Some("s")), None, "{at}");
        }
    }

    #[test]
    fn the_scopes_of_a_stream_cannot_be_taken_off_its_events() {
        // R-I12, R-I15
        let alice = caller("https://a.example", Some("alice"), None);
        let own = sealed(Some(&alice), None, &["admin".into()]);
        let text = String::from_utf8(own).unwrap();
        let [left, scopes, code] = text.rsplitn(3, '.').collect::<Vec<_>>()[..] else { panic!() };
        let without = format!("{code}..{left}");
        assert_eq!(seal(1).open_event(without.as_bytes(), Some(&alice), None), None);
        let moved = format!("{code}.{scopes}..{left}");
        assert_eq!(seal(1).open_event(moved.as_bytes(), Some(&alice), None), None);
    }

    #[test]
    fn an_anonymous_caller_has_events_only_within_a_session() {
        // R-I12
        assert!(seal(1).events(None, None, &[]).is_none());
        let own = sealed(None, Some("s"), &[]);
        assert!(seal(1).open_event(&own, None, Some("s")).is_some());
        assert_eq!(seal(1).open_event(&own, None, None), None);
        let alice = caller("https://a.example", Some("alice"), None);
        assert_eq!(seal(1).open_event(&own, Some(&alice), Some("s")), None);
    }

    #[test]
    fn an_id_of_a_session_is_none_of_an_event() {
        // R-I12
        let alice = caller("https://a.example", Some("alice"), None);
        for id in ["id", "id.", "id.x"] {
            let session = seal(1).seal(id, Some(&alice));
            assert_eq!(seal(1).open_event(session.as_bytes(), Some(&alice), None), None);
            assert_eq!(seal(1).open_event(session.as_bytes(), Some(&alice), Some(id)), None);
        }
        let event = String::from_utf8(sealed(Some(&alice), None, &[])).unwrap();
        assert_eq!(seal(1).open(&event, Some(&alice)), None);
        assert_ne!(seal(1).principal(Some(&alice)), seal(1).principal(None));
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(IdAuthenticator::new(&[0; SHORTEST_KEY - 1], "").is_none());
    }
}
