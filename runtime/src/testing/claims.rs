//! Claims in the form that RFC 7662 gives them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

/// `aud`: a string for one audience, an array for several, absent for none.
pub(super) fn audience(audiences: &[String]) -> Option<Value> {
    match audiences {
        [] => None,
        [one] => Some(one.clone().into()),
        several => Some(several.into()),
    }
}

/// A `NumericDate` (RFC 7519 §2), such as `exp` and `iat`: the seconds since 1970.
pub(super) fn numeric_date(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Sets `act`: this subject acts for the subject of the token. An actor that is there already becomes the one before it
/// (RFC 8693 §4.1).
pub(super) fn add_actor(claims: &mut Map<String, Value>, subject: &str) {
    let mut actor = Map::new();
    actor.insert("sub".to_owned(), subject.into());
    if let Some(prior) = claims.remove("act").filter(|prior| !prior.is_null()) {
        actor.insert("act".to_owned(), prior);
    }
    claims.insert("act".to_owned(), actor.into());
}
