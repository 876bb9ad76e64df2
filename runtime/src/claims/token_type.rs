//! What kind of token an answer is about.

use serde_json::Value;

use crate::resolve::{InvalidResponse, MemberError};

/// Whether `token_type`, or `token_use` where a server has that, says that this is something else
/// than an access token for bearers.
pub(super) fn is_other(document: &Value) -> Result<bool, InvalidResponse> {
    let mut other = false;
    for member in ["token_type", "token_use"] {
        match document.get(member) {
            None => {}
            Some(Value::String(kind)) => other |= names_other(kind),
            Some(found) => {
                return Err(InvalidResponse::MemberError(MemberError::new(
                    member, "a string", found,
                )));
            }
        }
    }
    Ok(other)
}

/// A refresh token or an ID token, or one that needs a proof of possession (RFC 9449 §7.1). Keycloak
/// calls a refresh token that outlives the session `Offline`.
fn names_other(kind: &str) -> bool {
    const OTHERS: [&str; 7] =
        ["refresh", "refresh_token", "offline", "id", "id_token", "dpop", "pop"];
    let name = kind.rsplit(':').next().unwrap_or(kind).replace('-', "_");
    OTHERS.iter().any(|other| name.eq_ignore_ascii_case(other))
}
