//! Claims written down, for a store outside this process.

use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};

use super::Claims;
use super::claim_set::Facts;
use super::duplicate_members::has_reserved_name;
use crate::ScopeSet;

/// Claims, and when they were asked for.
///
/// What a resolver understood is written, not what the server answered alone: another process need
/// not know how that one reads answers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SerializedClaims {
    facts: Facts,
    pub(crate) asked_at: SystemTime,
}

/// The same, borrowed.
#[derive(Serialize)]
struct SerializedClaimsRef<'a> {
    facts: &'a Facts,
    asked_at: SystemTime,
}

impl SerializedClaims {
    /// `None` for claims that nobody could confirm: they are this process's own affair.
    pub(crate) fn write(claims: &Claims, asked_at: SystemTime) -> Option<Vec<u8>> {
        let record = SerializedClaimsRef { facts: &claims.facts, asked_at };
        if claims.is_stale() { None } else { serde_json::to_vec(&record).ok() }
    }

    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(text).ok()?;
        // Another version may have written what this one does not accept from a server.
        (!has_reserved_name(&record.facts.document)).then_some(record)
    }

    pub(crate) fn into_claims(self) -> Claims {
        Claims { facts: Arc::new(self.facts), stale: None }
    }
}

/// The counterpart of how a set is serialized.
pub(super) fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
    let scopes = Vec::<String>::deserialize(deserializer)?;
    Ok(ScopeSet::granted(scopes.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{ClaimsReader, ResolveError};

    fn claims(json: &str) -> Claims {
        let places = ["permissions[]".parse().unwrap()];
        ClaimsReader::default().scope_claims(places).read(json.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        // R-E9
        let asked_at = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        for json in [
            r#"{"active":true}"#,
            r#"{"active":true,"sub":"ä \"quoted\"","client_id":"c","username":"u","iss":"i",
                "aud":["a","b"],"jti":"j","iat":1.25,"nbf":0,"exp":253402300799,"scope":"ignored",
                "cnf":{"jkt":"x"},"token_type":"DPoP","permissions":["write","read"]}"#,
        ] {
            let written = claims(json);
            let record =
                SerializedClaims::read(&SerializedClaims::write(&written, asked_at).unwrap())
                    .unwrap();
            assert_eq!(record.asked_at, asked_at);
            let read = record.into_claims();
            assert_eq!(format!("{read:?}"), format!("{written:?}"));
            assert_eq!(read.as_json(), written.as_json());
            let rest = |claims: &Claims| {
                let facts = &claims.facts;
                let audience = facts.audience.clone();
                let times = (facts.issued_at, facts.not_before, facts.expires_at);
                let texts = (facts.username.clone(), facts.issuer.clone(), facts.token_id.clone());
                (audience, times, texts, facts.other_kind, facts.sender_constrained)
            };
            assert_eq!(rest(&read), rest(&written));
        }
    }

    #[test]
    fn a_record_of_another_form_is_none() {
        // R-E9. A member that this version does not know may be a restriction.
        let written =
            SerializedClaims::write(&claims(r#"{"active":true}"#), SystemTime::UNIX_EPOCH).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(SerializedClaims::read(written.as_bytes()).is_some());
        for other in [
            written.replace("\"facts\":{", "\"facts\":{\"new\":1,"),
            written.replace("{\"facts\"", "{\"new\":1,\"facts\""),
            // R-D12
            written.replace(
                r#"{\"active\":true}"#,
                r#"{\"active\":{\"$serde_json::private::RawValue\":\"true\"}}"#,
            ),
            written.replace("\"sender_constrained\":false", "\"x\":0"),
            written.replace("\"sender_constrained\":false", "\"sender_constrained\":0"),
            String::new(),
        ] {
            assert!(SerializedClaims::read(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn stale_claims_are_not_written() {
        // R-E9
        let stale = claims(r#"{"active":true}"#).stale(None, ResolveError::Inactive);
        assert!(SerializedClaims::write(&stale, SystemTime::UNIX_EPOCH).is_none());
    }
}
