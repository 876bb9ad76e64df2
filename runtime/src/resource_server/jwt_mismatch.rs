//! What is expected of a JWT and what it has, for the operator's log. The JWT is not verified, and its texts are
//! escaped and bounded.

use std::time::SystemTime;

use super::mismatch::{CLIENT_ID, Mismatch, NONE};
use crate::telemetry::{Quoted, QuotedList};
use crate::trust::{TrustedIssuer, UnverifiedJwt};
use crate::{AccessToken, JwtError};

const ACCEPT_GENERIC_TYPE: &str = "`accept_generic_type` (REQUIRES_AUTH_ACCEPT_GENERIC_TYPE)";

const INTROSPECTING_CLIENT: &str = "`aud` of the token, to which the authorization server can add the client \
    id (in Keycloak, by an audience mapper), or `client_authentication` (`client_id`, \
    REQUIRES_AUTH_CLIENT_ID)";

impl Mismatch {
    /// For a JWT that is not verified because of this problem.
    pub(super) fn of_jwt(
        problem: JwtError,
        token: &AccessToken,
        trusted: Option<&TrustedIssuer>,
    ) -> Self {
        let mismatch = Self { setting: problem.setting(), ..Self::default() };
        let Some(jwt) = UnverifiedJwt::read(token) else { return mismatch };
        match problem {
            JwtError::Type => {
                let found = jwt.parameter("typ");
                // Of any other type, no setting accepts a token.
                let generic = ["JWT", "application/jwt"];
                let is_generic = found
                    .is_none_or(|found| generic.iter().any(|it| found.eq_ignore_ascii_case(it)));
                Self {
                    expected: Some("`typ`: \"at+jwt\"".to_owned()),
                    found: Some(parameter("typ", found)),
                    setting: Some(if is_generic { ACCEPT_GENERIC_TYPE } else { NONE }),
                }
            }
            JwtError::Algorithm => {
                let allowed = trusted.map(|trusted| trusted.resolver.jwt_algorithms());
                let allowed = allowed.filter(|allowed| !allowed.is_empty());
                Self {
                    expected: allowed
                        .map(|allowed| format!("`alg`: {}", QuotedList(allowed.into_iter()))),
                    found: Some(parameter("alg", jwt.parameter("alg"))),
                    ..mismatch
                }
            }
            JwtError::UnknownKey | JwtError::AmbiguousKey => {
                let (key, algorithm) = (jwt.parameter("kid"), jwt.parameter("alg"));
                let found =
                    format!("{} and {}", parameter("kid", key), parameter("alg", algorithm));
                Self { found: Some(found), ..mismatch }
            }
            JwtError::MissingClaim(name) => Self {
                expected: Some(format!("`{name}` (RFC 9068 section 2.2)")),
                found: Some(format!("the claims {}", QuotedList(jwt.claim_names()))),
                ..mismatch
            },
            _ => mismatch,
        }
    }

    /// For a token that is inactive although it is, unverified, an unexpired JWT of the issuer; `None` for every other
    /// token. Keycloak responds that a token is inactive to a client that is not in its `aud`.
    pub(super) fn of_inactive_jwt(
        token: &AccessToken,
        trusted: &TrustedIssuer,
        now: SystemTime,
    ) -> Option<Self> {
        let jwt = UnverifiedJwt::read(token)?;
        if jwt.issuer()? != trusted.issuer.as_deref()? {
            return None;
        }
        let rest = jwt.expires_in(now)?.as_secs();
        let audience = jwt.audience();
        let named = match audience.as_slice() {
            [] => "no `aud`".to_owned(),
            all => format!("`aud`: {}", QuotedList(all.iter().copied())),
        };
        let jwt = format!(
            "`active`: false for a JWT that, unverified, is of this issuer, expires in {rest} s and has {named}"
        );
        let client = trusted.resolver.client_id();
        let (reason, setting) = match client {
            Some(client) if audience.contains(&client) => (
                "the token may be revoked, its session may have ended, or its signature may be wrong"
                    .to_owned(),
                CLIENT_ID,
            ),
            Some(client) => (
                format!(
                    "some authorization servers, such as Keycloak, respond like that if `aud` does not \
                     contain the introspecting client, {}",
                    Quoted(client)
                ),
                INTROSPECTING_CLIENT,
            ),
            None => (
                "some authorization servers, such as Keycloak, respond like that if `aud` does not \
                 contain the introspecting client"
                    .to_owned(),
                INTROSPECTING_CLIENT,
            ),
        };
        Some(Self {
            expected: Some("`active`: true".to_owned()),
            found: Some(format!("{jwt}; {reason}")),
            setting: Some(setting),
        })
    }
}

fn parameter(name: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("`{name}`: {}", Quoted(value)),
        None => format!("no `{name}`"),
    }
}
