//! The principal of a request: whom sessions, tasks and event streams belong to.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::AuthInfo;

/// Issuer, subject and client of a caller's token. Without a subject, the username takes its place: introspection responses
/// need not have a subject (RFC 7662 §2.2). A token without any of them
/// belongs to no principal but itself, so the token takes their place. All are absent for a caller
/// without a token.
pub(super) type Parts<'a> = [Option<&'a str>; 5];

pub(super) fn parts(caller: Option<&AuthInfo>) -> Parts<'_> {
    let Some(caller) = caller else { return [None; 5] };
    let (subject, client) = (caller.subject(), caller.client_id());
    let username = caller.username().filter(|_| subject.is_none());
    let is_named = subject.or(username).or(client).is_some();
    let token = (!is_named).then(|| caller.token().expose());
    [caller.issuer(), subject, username, client, token]
}

/// Whether two tokens have the same principal.
pub(super) fn is_same_principal(one: &AuthInfo, other: &AuthInfo) -> bool {
    parts(Some(one)) == parts(Some(other))
}

/// A principal as a keyed hash: a map key of fixed size that does not contain the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PrincipalHash([u8; 32]);

impl PrincipalHash {
    /// `key` is an HMAC to which only the key has been given.
    pub(super) fn new(key: &Hmac<Sha256>, caller: Option<&AuthInfo>) -> Self {
        let mut mac = key.clone();
        for part in parts(caller) {
            update(&mut mac, part.map(str::as_bytes));
        }
        Self(mac.finalize().into_bytes().into())
    }
}

/// An HMAC with this key; `None` for a key that HMAC cannot take.
pub(super) fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

/// Adds a part with its length, so that no two lists of parts have the same bytes. The parts come from
/// headers and from responses of bounded size, so 32 bits hold every length; a short length can save
/// one block of the hash.
pub(super) fn update(mac: &mut Hmac<Sha256>, part: Option<&[u8]>) {
    let length = part.map_or(Some(u32::MAX), |part| u32::try_from(part.len()).ok());
    mac.update(&length.unwrap_or(u32::MAX - 1).to_be_bytes());
    mac.update(part.unwrap_or_default());
}
