//! The kind of a token: `token_type` and `token_use`.

use super::json_value::{JsonValue, Members};
use crate::resolve::{MemberError, ResponseError};

/// Whether `token_type` (RFC 7662 §2.2) or the non-standard `token_use` names a kind of token other than an
/// access token.
pub(super) fn is_other(document: &JsonValue<'_>) -> Result<bool, ResponseError> {
    let mut other = false;
    for member in ["token_type", "token_use"] {
        match document.get(member) {
            None => {}
            Some(JsonValue::String(kind)) => other |= names_other(kind),
            Some(found) => {
                return Err(ResponseError::MemberError(MemberError::new(
                    member, "a string", found,
                )));
            }
        }
    }
    Ok(other)
}

/// Whether a claim set, whose kind no endpoint has established, is of a JWT other than an access token (RFC 9068 §5):
///
/// - an ID token: the hashes of OpenID Connect Core 1.0 §3.3.2.11, or the claim `typ` of Keycloak
/// - a logout token or a security event: `events` (RFC 8417 §2.2)
/// - a signed introspection response: `token_introspection` (RFC 9701 §5)
pub(super) fn is_other_claim_set(document: &JsonValue<'_>) -> bool {
    let members = document.as_object().into_iter().flat_map(Members::iter);
    members.into_iter().any(|(name, value)| match name {
        "at_hash" | "c_hash" | "s_hash" | "events" | "token_introspection" => true,
        "typ" => value.as_str().is_some_and(names_other),
        _ => false,
    })
}

/// Whether `token_type` or `token_use` names an access token that is bound to the key of a DPoP proof (RFC 9449 §5).
pub(super) fn is_dpop(document: &JsonValue<'_>) -> bool {
    let kind = |member: &str| document.get(member).and_then(JsonValue::as_str);
    let is_dpop = |kind: &str| kind.eq_ignore_ascii_case("DPoP");
    kind("token_type").is_some_and(is_dpop) || kind("token_use").is_some_and(is_dpop)
}

/// Whether it is the name of a refresh token, an ID token, or a token with a proof of possession that no standard
/// defines. `Offline` is the name that Keycloak uses for a refresh token that is valid after the session.
fn names_other(kind: &str) -> bool {
    const OTHERS: [&str; 6] = ["refresh", "refresh_token", "offline", "id", "id_token", "pop"];
    let name = kind.rsplit(':').next().unwrap_or(kind);
    let same =
        |one: u8, other: u8| one.eq_ignore_ascii_case(&other) || (one == b'-' && other == b'_');
    OTHERS.iter().any(|other| {
        name.len() == other.len()
            && name.bytes().zip(other.bytes()).all(|(one, other)| same(one, other))
    })
}
