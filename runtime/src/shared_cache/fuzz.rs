//! The fuzz target of entries in the store, which anybody may have written.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]

use std::time::{Duration, SystemTime};

use secrecy::SecretSlice;

use super::encryption::{Cipher, Encryption};
use crate::claims::SerializedClaims;
use crate::{AccessToken, Claims};

const PLACE: &str = "requires-auth:claims:1";

/// The first byte of the input decides: an introspection response whose entry is edited, by the second line; or the text
/// of an entry.
// R-D12, R-E9
pub(crate) fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if *first == b'{' {
        read_text(data);
    } else {
        edit_entry(rest);
    }
}

fn cipher() -> Cipher {
    let encryption = Encryption::new(SecretSlice::from(vec![1; 32]), "fuzz".to_owned());
    encryption.derive(&"token".parse::<AccessToken>().unwrap()).1
}

/// A text that this version, another one, or a defect has written.
fn read_text(text: &[u8]) {
    let Some(serialized) = SerializedClaims::from_json(text) else { return };
    let resolved_at = serialized.resolved_at;
    let claims = serialized.into_claims();
    assert!(!claims.as_json().contains(r#""$serde_json::private::RawValue":"#));
    for scope in claims.scopes() {
        assert!(crate::scope::is_scope(scope), "{scope:?}");
    }
    let again = SerializedClaims::to_json(&claims, resolved_at).expect("it is serialized");
    let again = SerializedClaims::from_json(&again).expect("it is read again");
    assert_eq!(again.resolved_at, resolved_at);
    assert_same(&again.into_claims(), &claims);
    drop(claims.authorization_details("payment", |_| true));
}

/// An edited entry is not read, and one that is not edited has the same claims.
fn edit_entry(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (response, edits) = input.split_at(end);
    let Ok(claims) = Claims::from_introspection(response) else { return };
    let resolved_at = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 1);
    let text = SerializedClaims::to_json(&claims, resolved_at).expect("it is serialized");
    let cipher = cipher();
    let entry = cipher.encrypt(PLACE, &text).expect("it is encrypted");
    let mut edited = entry.clone();
    for edit in edits.get(1..).unwrap_or_default().chunks_exact(2).take(8) {
        let place = usize::from(edit[0]) % edited.len().max(1);
        match edit[1] {
            0 => edited.truncate(place),
            byte if place < edited.len() => edited[place] ^= byte,
            byte => edited.push(byte),
        }
    }
    let decrypted = cipher.decrypt(PLACE, &edited);
    assert_eq!(decrypted.is_some(), edited == entry);
    assert!(cipher.decrypt("another place", &edited).is_none());
    if let Some(text) = decrypted {
        let read = SerializedClaims::from_json(&text).expect("it is read again");
        assert_eq!(read.resolved_at, resolved_at);
        assert_same(&read.into_claims(), &claims);
    }
}

fn assert_same(one: &Claims, other: &Claims) {
    let parts = |claims: &Claims| {
        let texts = [claims.subject(), claims.client_id(), claims.username(), claims.issuer()];
        let times = [claims.issued_at(), claims.not_before(), claims.expires_at()];
        let audience: Vec<String> = claims.audience().map(str::to_owned).collect();
        let login = (claims.acr().map(str::to_owned), claims.auth_time());
        let kind = (claims.is_other_kind(), claims.is_dpop_type(), claims.leeway());
        let caller = (claims.confirmation().cloned(), claims.actor().cloned());
        (texts.map(|it| it.map(str::to_owned)), times, audience, login, kind, caller)
    };
    assert_eq!(parts(one), parts(other));
    assert_eq!((one.scopes(), one.as_json()), (other.scopes(), other.as_json()));
}
