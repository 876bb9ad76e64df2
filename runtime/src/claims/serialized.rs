//! The serialized form of claims, for a store outside this process.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Claims;
use super::claim_set::ClaimSet;
use super::duplicate_members::has_reserved_name;

/// Claims, and the time at which they were resolved.
///
/// It contains the claims, not the introspection response alone, so that the instance that deserializes it needs no
/// settings of a reader.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SerializedClaims {
    #[serde(rename = "facts")]
    claims: ClaimSet,
    #[serde(rename = "asked_at")]
    pub(crate) resolved_at: SystemTime,
}

/// The same form, for serializing borrowed claims.
#[derive(Serialize)]
struct SerializedClaimsRef<'a> {
    #[serde(rename = "facts")]
    claims: &'a ClaimSet,
    #[serde(rename = "asked_at")]
    resolved_at: SystemTime,
}

impl SerializedClaims {
    /// `None` for stale claims: only the instance that could not resolve the token again may use them.
    pub(crate) fn to_json(claims: &Claims, resolved_at: SystemTime) -> Option<Vec<u8>> {
        let serialized = SerializedClaimsRef { claims: claims.set(), resolved_at };
        if claims.is_stale() { None } else { serde_json::to_vec(&serialized).ok() }
    }

    /// `None` for a text of another form.
    pub(crate) fn from_json(text: &[u8]) -> Option<Self> {
        let serialized: Self = serde_json::from_slice(text).ok()?;
        // Another version may have stored a document that this version rejects.
        (!has_reserved_name(&serialized.claims.document)).then_some(serialized)
    }

    pub(crate) fn into_claims(self) -> Claims {
        Claims::new(self.claims)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{ClaimsReader, ResolveError, TokenError};

    fn claims(json: &str) -> Claims {
        let places = ["permissions[]".parse().unwrap()];
        ClaimsReader::default().scope_claims(places).read_introspection(json.as_bytes()).unwrap()
    }

    #[test]
    fn claims_survive_a_round_trip() {
        // R-E9
        let resolved_at = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        for json in [
            r#"{"active":true}"#,
            r#"{"active":true,"sub":"ä \"quoted\"","client_id":"c","username":"u","iss":"i",
                "aud":["a","b"],"jti":"j","iat":1.25,"nbf":0,"exp":253402300799,"scope":"ignored",
                "cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I","x":1},"token_type":"DPoP","permissions":["write","read"],"act":{"sub":"a","act":{"iss":"b"}},
                "may_act":{"client_id":"c"},"acr":"mfa","amr":["pwd"],"auth_time":1.5}"#,
        ] {
            let written = claims(json);
            let serialized = SerializedClaims::from_json(
                &SerializedClaims::to_json(&written, resolved_at).unwrap(),
            )
            .unwrap();
            assert_eq!(serialized.resolved_at, resolved_at);
            let read = serialized.into_claims();
            assert_eq!(format!("{read:?}"), format!("{written:?}"));
            assert_eq!(read.as_json(), written.as_json());
            let rest = |claims: &Claims| {
                let set = claims.set();
                let audience = set.audience.clone();
                let times = (set.issued_at, set.not_before, set.expires_at);
                let texts = (set.username.clone(), set.issuer.clone(), set.token_id.clone());
                let caller = (set.delegation.clone(), set.login.clone());
                let kind = (set.other_kind, set.dpop_type, set.confirmation.clone());
                (audience, times, texts, caller, kind)
            };
            assert_eq!(rest(&read), rest(&written));
        }
    }

    #[test]
    fn another_form_is_rejected() {
        // R-E9. An unknown member may be a restriction.
        let written =
            SerializedClaims::to_json(&claims(r#"{"active":true}"#), SystemTime::UNIX_EPOCH)
                .unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(SerializedClaims::from_json(written.as_bytes()).is_some());
        for other in [
            written.replace("\"facts\":{", "\"facts\":{\"new\":1,"),
            written.replace("{\"facts\"", "{\"new\":1,\"facts\""),
            // R-D12
            written.replace(
                r#"{\"active\":true}"#,
                r#"{\"active\":{\"$serde_json::private::RawValue\":\"true\"}}"#,
            ),
            // A version that does not read `act` has stored it.
            written.replace("\"delegation\":null,", ""),
            written.replace("\"login\":null,", ""),
            written.replace("\"confirmation\":null,", ""),
            written.replace("\"confirmation\":null", "\"confirmation\":{}"),
            written.replace("\"dpop_type\":false", "\"x\":0"),
            written.replace("\"dpop_type\":false", "\"dpop_type\":0"),
            String::new(),
        ] {
            assert!(SerializedClaims::from_json(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn stale_claims_are_not_serialized() {
        // R-E9
        let stale = claims(r#"{"active":true}"#)
            .stale(None, ResolveError::InvalidToken(TokenError::Inactive));
        assert!(SerializedClaims::to_json(&stale, SystemTime::UNIX_EPOCH).is_none());
    }
}
