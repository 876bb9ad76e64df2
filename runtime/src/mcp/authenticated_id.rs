//! Ids of sessions and of events that are valid for one principal alone.
//!
//! The client gets the SDK's id followed by an HMAC over that id and the principal of the caller. Only this
//! server can compute it, so nothing has to be stored about a session or a stream, and an id is of no
//! use to another caller.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::BytesMut;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::principal::{self, PrincipalHash, keyed, update};
use super::stream_requirement::{RequirementId, StreamRequirement};
use crate::AuthInfo;

/// Authenticates the ids of sessions and of events, and verifies those that clients send.
pub(super) struct IdAuthenticator {
    sessions: Hmac<Sha256>,
    /// With a key of its own, so that a session id is never a valid event id.
    events: Hmac<Sha256>,
    principals: Hmac<Sha256>,
}

/// The length of the HMAC; a shorter key would be weaker than it (RFC 2104 §3).
const MIN_KEY_LENGTH: usize = 32;

/// The length of the HMAC in base64.
const MAC_TEXT_LENGTH: usize = 43;

/// The buffer that the base64 decoder requires; a longer text is no HMAC of ours.
const DECODE_BUFFER: usize = 48;

impl IdAuthenticator {
    /// For one resource server: event ids of another one are invalid here, even with the same key.
    /// `None` if the key is too short.
    pub(super) fn new(key: &[u8], resource: &str) -> Option<Self> {
        let key = Some(key).filter(|key| key.len() >= MIN_KEY_LENGTH)?;
        let sessions = keyed(key)?;
        let derive = |purpose: &str| {
            let mut mac = sessions.clone();
            mac.update(purpose.as_bytes());
            update(&mut mac, Some(resource.as_bytes()));
            keyed(&mac.finalize().into_bytes())
        };
        let events = derive("requires-auth event ids")?;
        let principals = derive("requires-auth principals")?;
        Some(Self { sessions, events, principals })
    }

    /// The session id that the client gets.
    pub(super) fn authenticate_session_id(&self, id: &str, caller: Option<&AuthInfo>) -> String {
        let mac = self.session_mac(id, caller).finalize().into_bytes();
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// The SDK's id in a session id; `None` if the session is another principal's, or the id was not
    /// made here.
    pub(super) fn verify_session_id<'a>(
        &self,
        id: &'a str,
        caller: Option<&AuthInfo>,
    ) -> Option<&'a str> {
        let (id, mac) = id.rsplit_once('.')?;
        is_valid(self.session_mac(id, caller), mac.as_bytes()).then_some(id)
    }

    fn session_mac(&self, id: &str, caller: Option<&AuthInfo>) -> Hmac<Sha256> {
        let mut mac = self.sessions.clone();
        for part in principal::parts(caller) {
            update(&mut mac, part.map(str::as_bytes));
        }
        update(&mut mac, Some(id.as_bytes()));
        mac
    }

    pub(super) fn principal(&self, caller: Option<&AuthInfo>) -> PrincipalHash {
        PrincipalHash::new(&self.principals, caller)
    }

    /// Authenticates the event ids of one stream, for its caller and, if there is one, within its session.
    /// Each id also contains the ids of the requirements that the stream was begun with: its events may only be
    /// sent again for a token that still meets them.
    ///
    /// `None` for an anonymous caller without a session: such callers cannot be told apart, so none of
    /// them can prove that a stream was its own.
    pub(super) fn event_ids(
        &self,
        caller: Option<&AuthInfo>,
        session: Option<&str>,
        requirements: &[StreamRequirement],
    ) -> Option<EventIdAuthenticator> {
        if caller.is_none() && session.is_none() {
            return None;
        }
        let requirements: Vec<&[u8]> = requirements.iter().map(|it| it.id.as_bytes()).collect();
        let requirements = requirements.concat();
        let mac = self.stream_mac(caller, session, &requirements);
        Some(EventIdAuthenticator { mac, requirements })
    }

    /// The event store's id in an event id, and the requirements of its stream; `None` if the stream
    /// was another principal's, or of another session.
    pub(super) fn verify_event_id<'a>(
        &self,
        id: &'a [u8],
        caller: Option<&AuthInfo>,
        session: Option<&str>,
    ) -> Option<(&'a [u8], Vec<RequirementId>)> {
        if caller.is_none() && session.is_none() {
            return None;
        }
        let (rest, mac) = rsplit_at_dot(id)?;
        let (id, requirements) = rsplit_at_dot(rest)?;
        let mut expected = self.stream_mac(caller, session, requirements);
        update(&mut expected, Some(id));
        if id.is_empty() || !is_valid(expected, mac) {
            return None;
        }
        Some((id, RequirementId::split(requirements)?))
    }

    fn stream_mac(
        &self,
        caller: Option<&AuthInfo>,
        session: Option<&str>,
        requirements: &[u8],
    ) -> Hmac<Sha256> {
        let mut mac = self.events.clone();
        for part in principal::parts(caller).into_iter().chain([session]) {
            update(&mut mac, part.map(str::as_bytes));
        }
        update(&mut mac, Some(requirements));
        mac
    }
}

/// Authenticates the event ids of one stream.
pub(super) struct EventIdAuthenticator {
    /// Over the stream; each id is added to a clone.
    mac: Hmac<Sha256>,
    /// Their ids.
    requirements: Vec<u8>,
}

impl EventIdAuthenticator {
    /// Appends the event id that the client gets: `id.requirements.mac`.
    pub(super) fn authenticate(&self, id: &[u8], output: &mut BytesMut) {
        let mut mac = self.mac.clone();
        update(&mut mac, Some(id));
        let mut text = [0; MAC_TEXT_LENGTH];
        // It fits exactly.
        let _ = URL_SAFE_NO_PAD.encode_slice(mac.finalize().into_bytes(), &mut text);
        for part in [id, b".", &self.requirements, b".", &text] {
            output.extend_from_slice(part);
        }
    }

    /// How much longer than the event store's id an event id is.
    pub(super) fn added_length(&self) -> usize {
        self.requirements.len() + MAC_TEXT_LENGTH + 2
    }
}

/// Compares in constant time.
fn is_valid(expected: Hmac<Sha256>, mac: &[u8]) -> bool {
    let mut decoded = [0; DECODE_BUFFER];
    let length = URL_SAFE_NO_PAD.decode_slice(mac, &mut decoded).ok();
    let decoded = length.and_then(|length| decoded.get(..length));
    decoded.is_some_and(|decoded| expected.verify_slice(decoded).is_ok())
}

fn rsplit_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = text.iter().rposition(|byte| *byte == b'.')?;
    let (before, after) = text.split_at(dot);
    Some((before, after.get(1..)?))
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
mod tests;
