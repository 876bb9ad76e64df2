//! Makes access tokens.

use serde_json::{Map, Value};

use super::random::random_value;
use super::state::State;
use super::token_format::TokenFormat;

/// Adds the claims that this format requires and that are not there. A JWT has a `jti`, and a `sub`, which is
/// the client where no user is involved (RFC 9068 §2.2).
#[cfg_attr(not(feature = "jwt"), expect(unused_variables, reason = "opaque tokens need no claims"))]
pub(super) fn complete_claims(format: TokenFormat, claims: &mut Map<String, Value>) {
    match format {
        TokenFormat::Opaque => {}
        #[cfg(feature = "jwt")]
        TokenFormat::Jwt => {
            claims.entry("jti").or_insert_with(|| random_value().into());
            if let Some(client) = claims.get("client_id").cloned() {
                claims.entry("sub").or_insert(client);
            }
        }
    }
}

/// Makes a token with these claims. The header of a JWT gets these parameters in place of its own; one whose
/// value is `null` is omitted.
#[cfg_attr(not(feature = "jwt"), expect(unused_variables, reason = "opaque tokens are random"))]
pub(super) fn make(
    state: &State,
    format: TokenFormat,
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
) -> String {
    match format {
        TokenFormat::Opaque => random_value(),
        #[cfg(feature = "jwt")]
        TokenFormat::Jwt => {
            let mut claims = claims.clone();
            // Members of an introspection response (RFC 7662 §2.2), and no claims of a token.
            claims.retain(|name, _| name != "active" && name != "token_type");
            state.keys.sign_token(header, &Value::Object(claims))
        }
    }
}
