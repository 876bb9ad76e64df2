//! The format of access tokens.

use serde_json::{Map, Value};

use super::random::random_value;
use super::state::State;

/// The format of the access tokens that an authorization server issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenFormat {
    /// 256 random bits.
    #[default]
    Opaque,
    /// A JWT (RFC 9068): signed with the current key of the server, and with `typ: at+jwt`.
    #[cfg(feature = "jwt")]
    Jwt,
}

#[cfg_attr(
    not(feature = "jwt"),
    expect(unused_variables, reason = "an opaque token depends on nothing")
)]
impl TokenFormat {
    /// Adds the claims that this format requires and that are not there. A JWT has a `jti`, and a `sub`,
    /// which is the client where no user is involved (RFC 9068 §2.2).
    pub(super) fn complete(self, claims: &mut Map<String, Value>) {
        match self {
            Self::Opaque => {}
            #[cfg(feature = "jwt")]
            Self::Jwt => {
                claims.entry("jti").or_insert_with(|| random_value().into());
                if let Some(client) = claims.get("client_id").cloned() {
                    claims.entry("sub").or_insert(client);
                }
            }
        }
    }

    /// Makes a token with these claims. The header of a JWT gets these parameters in place of its own;
    /// one whose value is `null` is omitted.
    pub(super) fn make_token(
        self,
        state: &State,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
    ) -> String {
        match self {
            Self::Opaque => random_value(),
            #[cfg(feature = "jwt")]
            Self::Jwt => {
                let mut claims = claims.clone();
                // Members of an introspection response (RFC 7662 §2.2), and no claims of a token.
                claims.retain(|name, _| name != "active" && name != "token_type");
                state.keys.sign_token(header, &Value::Object(claims))
            }
        }
    }
}
