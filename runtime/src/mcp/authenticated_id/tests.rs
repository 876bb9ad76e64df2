//! Ids of sessions and of events, opened by their owner and by others.

use super::*;
use crate::Condition::{self, Any, Scope};
use crate::testing::Caller;

fn ids(key: u8) -> IdAuthenticator {
    IdAuthenticator::new(&[key; MIN_KEY_LENGTH], "https://a.example/").unwrap()
}

fn caller(issuer: &str, subject: Option<&str>, client: Option<&str>) -> AuthInfo {
    let caller = Caller::new("", "").claim("sub", subject).claim("client_id", client);
    caller.claim("iss", issuer).auth_info()
}

#[test]
fn a_session_id_is_valid_for_its_caller_and_key() {
    // R-I10
    let alice = caller("https://a.example", Some("alice"), Some("app"));
    let id = ids(1).authenticate_session_id("id", Some(&alice));
    assert_eq!(
        ids(1).verify_session_id(&id, Some(&alice)),
        Some("id"),
        "in any process with the key"
    );
    assert_eq!(ids(2).verify_session_id(&id, Some(&alice)), None);
    for other in [
        caller("https://b.example", Some("alice"), Some("app")),
        caller("https://a.example", Some("bob"), Some("app")),
        caller("https://a.example", Some("alice"), Some("other")),
        caller("https://a.example", None, Some("app")),
        // The same letters, in other places.
        caller("https://a.example", Some("alic"), Some("eapp")),
        caller("https://a.examplealice", None, Some("app")),
    ] {
        assert_eq!(ids(1).verify_session_id(&id, Some(&other)), None, "{other:?}");
    }
    assert_eq!(ids(1).verify_session_id(&id, None), None);
}

#[test]
fn without_a_subject_the_username_names_the_principal() {
    // R-I10: an introspection response need not have a subject (RFC 7662 §2.2).
    let named = |username: &str| {
        let caller = Caller::new("", "").claim("sub", None::<&str>).claim("client_id", "app");
        caller.claim("username", username).auth_info()
    };
    let id = ids(1).authenticate_session_id("id", Some(&named("alice")));
    assert_eq!(ids(1).verify_session_id(&id, Some(&named("alice"))), Some("id"));
    let app = caller("https://a.example", Some("alice"), Some("app"));
    for other in [named("bob"), app] {
        assert_eq!(ids(1).verify_session_id(&id, Some(&other)), None, "{other:?}");
    }
}

#[test]
fn an_anonymous_caller_has_a_principal() {
    // R-I10
    let id = ids(1).authenticate_session_id("id", None);
    assert_eq!(ids(1).verify_session_id(&id, None), Some("id"));
    let nameless = caller("https://a.example", None, None);
    assert_eq!(ids(1).verify_session_id(&id, Some(&nameless)), None);
    let id = ids(1).authenticate_session_id("id", Some(&nameless));
    assert_eq!(ids(1).verify_session_id(&id, Some(&nameless)), Some("id"), "the same token");
    assert_eq!(ids(1).verify_session_id(&id, None), None);
}

fn event_id(caller: Option<&AuthInfo>, session: Option<&str>, conditions: &[Condition]) -> Vec<u8> {
    let mut id = BytesMut::new();
    let requirements: Vec<StreamRequirement> =
        conditions.iter().copied().filter_map(StreamRequirement::of).collect();
    ids(1).event_ids(caller, session, &requirements).unwrap().authenticate(b"a.1/7", &mut id);
    id.to_vec()
}

#[test]
fn an_event_id_is_valid_for_its_caller_within_its_session() {
    // R-I12
    let alice = caller("https://a.example", Some("alice"), Some("app"));
    let conditions = [Scope("read"), Any(&[Scope("a"), Scope("b")])];
    let own = event_id(Some(&alice), Some("s"), &conditions);
    let (id, found) = ids(1).verify_event_id(&own, Some(&alice), Some("s")).unwrap();
    assert_eq!(id, b"a.1/7");
    assert_eq!(found, conditions.map(|it| StreamRequirement::of(it).unwrap().id));
    let nameless = caller("https://a.example", None, None);
    for other in [
        Some(&caller("https://b.example", Some("alice"), Some("app"))),
        Some(&caller("https://a.example", Some("bob"), Some("app"))),
        Some(&caller("https://a.example", Some("alice"), Some("other"))),
        Some(&nameless),
        None,
    ] {
        assert_eq!(ids(1).verify_event_id(&own, other, Some("s")), None, "{other:?}");
    }
    for session in [None, Some(""), Some("t")] {
        assert_eq!(ids(1).verify_event_id(&own, Some(&alice), session), None, "{session:?}");
    }
    assert_eq!(ids(2).verify_event_id(&own, Some(&alice), Some("s")), None, "another key");
    let other = IdAuthenticator::new(&[1; MIN_KEY_LENGTH], "https://b.example/").unwrap();
    assert_eq!(other.verify_event_id(&own, Some(&alice), Some("s")), None, "another server");
    for at in 0..own.len() {
        let mut forged = own.clone();
        forged[at] ^= 1;
        assert_eq!(ids(1).verify_event_id(&forged, Some(&alice), Some("s")), None, "{at}");
        assert_eq!(ids(1).verify_event_id(&own[at + 1..], Some(&alice), Some("s")), None, "{at}");
        assert_eq!(ids(1).verify_event_id(&own[..at], Some(&alice), Some("s")), None, "{at}");
    }
}

#[test]
fn the_conditions_of_a_stream_cannot_be_removed_from_its_event_ids() {
    // R-I12, R-I15
    let alice = caller("https://a.example", Some("alice"), None);
    let own = event_id(Some(&alice), None, &[Scope("admin")]);
    let text = String::from_utf8(own).unwrap();
    let [left, scopes, code] = text.rsplitn(3, '.').collect::<Vec<_>>()[..] else { panic!() };
    let without = format!("{code}..{left}");
    assert_eq!(ids(1).verify_event_id(without.as_bytes(), Some(&alice), None), None);
    let moved = format!("{code}.{scopes}..{left}");
    assert_eq!(ids(1).verify_event_id(moved.as_bytes(), Some(&alice), None), None);
}

#[test]
fn an_anonymous_caller_has_event_ids_only_within_a_session() {
    // R-I12
    assert!(ids(1).event_ids(None, None, &[]).is_none());
    let own = event_id(None, Some("s"), &[]);
    assert!(ids(1).verify_event_id(&own, None, Some("s")).is_some());
    assert_eq!(ids(1).verify_event_id(&own, None, None), None);
    let alice = caller("https://a.example", Some("alice"), None);
    assert_eq!(ids(1).verify_event_id(&own, Some(&alice), Some("s")), None);
}

#[test]
fn a_session_id_is_no_event_id() {
    // R-I12
    let alice = caller("https://a.example", Some("alice"), None);
    for id in ["id", "id.", "id.x"] {
        let session = ids(1).authenticate_session_id(id, Some(&alice));
        assert_eq!(ids(1).verify_event_id(session.as_bytes(), Some(&alice), None), None);
        assert_eq!(ids(1).verify_event_id(session.as_bytes(), Some(&alice), Some(id)), None);
    }
    let event = String::from_utf8(event_id(Some(&alice), None, &[])).unwrap();
    assert_eq!(ids(1).verify_session_id(&event, Some(&alice)), None);
    assert_ne!(ids(1).principal(Some(&alice)), ids(1).principal(None));
}

#[test]
fn a_short_key_is_rejected() {
    assert!(IdAuthenticator::new(&[0; MIN_KEY_LENGTH - 1], "").is_none());
}
