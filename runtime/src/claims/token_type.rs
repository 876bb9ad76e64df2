//! The kind of a token: `token_type` and `token_use`.

use serde_json::Value;

use crate::resolve::{MemberError, ResponseError};

/// Whether `token_type` (RFC 7662 §2.2) or the non-standard `token_use` names a kind of token other than a bearer
/// access token.
pub(super) fn is_other(document: &Value) -> Result<bool, ResponseError> {
    let mut other = false;
    for member in ["token_type", "token_use"] {
        match document.get(member) {
            None => {}
            Some(Value::String(kind)) => other |= names_other(kind),
            Some(found) => {
                return Err(ResponseError::MemberError(MemberError::new(
                    member, "a string", found,
                )));
            }
        }
    }
    Ok(other)
}

/// Whether it is the name of a refresh token, an ID token, or a token that needs a proof of possession (RFC 9449
/// §7.1). `Offline` is the name that Keycloak uses for a refresh token that is valid after the session.
fn names_other(kind: &str) -> bool {
    const OTHERS: [&str; 7] =
        ["refresh", "refresh_token", "offline", "id", "id_token", "dpop", "pop"];
    let name = kind.rsplit(':').next().unwrap_or(kind).replace('-', "_");
    OTHERS.iter().any(|other| name.eq_ignore_ascii_case(other))
}
