//! From the bytes of an introspection answer to claims (RFC 7662 §2.2).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::claim_set::Facts;
use super::duplicate_members::{Repeated, has_reserved_name};
use super::{Claims, ScopeClaim, token_type};
use crate::ScopeSet;
use crate::resolve::{InvalidResponse, MemberError, ResolveError};

/// The last second of the year 9999: what is later is a mistake, often milliseconds for seconds.
const LATEST: f64 = 253_402_300_799.0;

/// Reads introspection answers. Strict: an answer that it does not understand is refused whole, so
/// that no slip of a server makes a token valid, or valid for longer or for more.
///
/// ```
/// use requires_auth::ClaimsReader;
///
/// let reader = ClaimsReader::default().scope_claims(["permissions[]".parse()?]);
/// let claims = reader.read(br#"{"active": true, "permissions": ["entries:read"]}"#)?;
/// assert!(claims.scopes().contains("entries:read"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimsReader {
    scope_claims: Vec<ScopeClaim>,
}

impl ClaimsReader {
    /// Where the scopes are. With several places, the token has the scopes of all of them.
    /// Default: `scope`.
    #[must_use]
    pub fn scope_claims(mut self, claims: impl IntoIterator<Item = ScopeClaim>) -> Self {
        self.scope_claims = claims.into_iter().collect();
        self
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// [`ResolveError::Inactive`] if it says so, [`ResolveError::InvalidResponse`] if it is not a JSON
    /// object with the members of RFC 7662 §2.2 in their JSON types.
    pub fn read(&self, json: &[u8]) -> Result<Claims, ResolveError> {
        let unreadable = || unreadable(json);
        let json = str::from_utf8(json).map_err(|_| unreadable())?;
        let repeated: Repeated = serde_json::from_str(json).map_err(|_| unreadable())?;
        // Before anything reads it as a `Value`, here or in the application.
        if has_reserved_name(json) {
            return Err(InvalidResponse::ReservedMember.into());
        }
        let document: Value = serde_json::from_str(json).map_err(|_| unreadable())?;
        if !document.is_object() || repeated.own.contains("active") {
            return Err(InvalidResponse::NoActive.into());
        }
        match document.get("active") {
            Some(Value::Bool(true)) if repeated.any() => {
                Err(InvalidResponse::RepeatedMember.into())
            }
            Some(Value::Bool(true)) => Ok(self.facts(&document, json)?),
            Some(Value::Bool(false)) => Err(ResolveError::Inactive),
            _ => Err(InvalidResponse::NoActive.into()),
        }
    }

    /// Where the scopes are: another reader may find others in the same answer.
    #[cfg(feature = "introspection")]
    pub(crate) fn places(&self) -> Vec<String> {
        self.scope_claims.iter().map(ToString::to_string).collect()
    }

    fn facts(&self, document: &Value, json: &str) -> Result<Claims, InvalidResponse> {
        let mut scopes = Vec::new();
        for claim in &self.scope_claims {
            scopes.extend(claim.scopes(document).map_err(InvalidResponse::MemberError)?);
        }
        let facts = Facts {
            scopes: ScopeSet::granted(scopes),
            subject: string(document, "sub")?,
            client_id: string(document, "client_id")?,
            username: string(document, "username")?,
            issuer: string(document, "iss")?,
            audience: audience(document)?,
            token_id: string(document, "jti")?,
            other_kind: token_type::is_other(document)?,
            issued_at: time(document, "iat")?,
            not_before: time(document, "nbf")?,
            expires_at: time(document, "exp")?,
            sender_constrained: document.get("cnf").is_some(),
            document: json.into(),
        };
        Ok(Claims { facts: Arc::new(facts), stale: None })
    }
}

/// An object that cannot be read may be so because of one of its members, which the holder of the token
/// may have chosen. Anything else than an object does not come from an introspection endpoint.
fn unreadable(json: &[u8]) -> InvalidResponse {
    let text = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    if text.trim_ascii_start().starts_with(b"{") {
        InvalidResponse::UnreadableObject
    } else {
        InvalidResponse::NotJson
    }
}

impl Default for ClaimsReader {
    fn default() -> Self {
        Self { scope_claims: vec![ScopeClaim::default()] }
    }
}

fn string(document: &Value, name: &'static str) -> Result<Option<Box<str>>, InvalidResponse> {
    match document.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str().into())),
        Some(found) => Err(InvalidResponse::MemberError(MemberError::new(name, "a string", found))),
    }
}

/// A string or an array of strings (RFC 7519 §4.1.3). `null` is neither: it does not pass as absent.
fn audience(document: &Value) -> Result<Vec<Box<str>>, InvalidResponse> {
    let Some(found) = document.get("aud") else {
        return Ok(Vec::new());
    };
    let text = |value: &Value| value.as_str().map(Box::from);
    let audience = match found {
        Value::Array(elements) => elements.iter().map(text).collect(),
        value => text(value).map(|one| vec![one]),
    };
    let wrong = || MemberError::new("aud", "a string or an array of strings", found);
    audience.ok_or_else(|| InvalidResponse::MemberError(wrong()))
}

/// Seconds since the epoch, whole or fractional (`NumericDate`, RFC 7519 §2).
fn time(document: &Value, name: &'static str) -> Result<Option<SystemTime>, InvalidResponse> {
    let Some(value) = document.get(name) else {
        return Ok(None);
    };
    let wrong = || InvalidResponse::MemberError(MemberError::new(name, "a number", value));
    let seconds = value.as_f64().ok_or_else(wrong)?;
    if !(0.0..=LATEST).contains(&seconds) {
        return Err(InvalidResponse::TimeOutOfRange);
    }
    let since =
        Duration::try_from_secs_f64(seconds).map_err(|_| InvalidResponse::TimeOutOfRange)?;
    SystemTime::UNIX_EPOCH.checked_add(since).map(Some).ok_or(InvalidResponse::TimeOutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Claims, ResolveError> {
        ClaimsReader::default().read(json.as_bytes())
    }

    fn bad(json: impl AsRef<[u8]>) -> InvalidResponse {
        match ClaimsReader::default().read(json.as_ref()) {
            Err(ResolveError::InvalidResponse(bad)) => bad,
            other => panic!("{:?}: {other:?}", String::from_utf8_lossy(json.as_ref())),
        }
    }

    fn wrong_member(json: &str) -> &'static str {
        match bad(json) {
            InvalidResponse::MemberError(wrong) => wrong.name(),
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named_with_both_types() {
        // R-B9, R-D4, R-D5, R-D6
        for (member, message) in [
            (
                r#""aud":null"#,
                "the member `aud` of the answer is null, expected a string or an array of strings",
            ),
            (
                r#""aud":["a",1]"#,
                "the member `aud` of the answer is an array with other elements than strings, expected a string or an array of strings",
            ),
            (
                r#""scope":["canary"]"#,
                "the member `scope` of the answer is an array of strings, expected a string",
            ),
            (r#""exp":"canary""#, "the member `exp` of the answer is a string, expected a number"),
            (r#""sub":7"#, "the member `sub` of the answer is a number, expected a string"),
            (
                r#""token_use":{"canary":1}"#,
                "the member `token_use` of the answer is an object, expected a string",
            ),
            (r#""iss":true"#, "the member `iss` of the answer is a boolean, expected a string"),
        ] {
            assert_eq!(bad(format!(r#"{{"active":true,{member}}}"#)).to_string(), message);
        }
        let reader = ClaimsReader::default().scope_claims(["roles[]".parse().unwrap()]);
        let Err(ResolveError::InvalidResponse(bad)) =
            reader.read(br#"{"active":true,"roles":"a"}"#)
        else {
            panic!();
        };
        assert_eq!(
            bad.to_string(),
            "a member that is configured as a scope claim is a string, expected an array of strings"
        );
    }

    #[test]
    fn active_is_a_boolean_present_once() {
        // R-D2
        for active in [r#""true""#, "1", "null", "[true]", "{}", r#""""#, "1.0"] {
            assert_eq!(
                bad(format!(r#"{{"active":{active}}}"#)),
                InvalidResponse::NoActive,
                "{active}"
            );
        }
        for json in [
            r#"{"active":true,"active":true}"#,
            r#"{"active":false,"active":true}"#,
            r#"{"active":true,"\u0061ctive":false}"#,
            r#"{"Active":true}"#,
            "{}",
            "[]",
            "true",
            "null",
            r#"[{"active":true}]"#,
        ] {
            assert_eq!(bad(json), InvalidResponse::NoActive, "{json}");
        }
    }

    #[test]
    fn an_inactive_answer_is_inactive_whatever_else_it_says() {
        // R-D3
        for rest in ["", r#","exp":"never""#, r#","sub":1,"sub":2"#, r#","scope":"read""#] {
            let answer = read(&format!(r#"{{"active":false{rest}}}"#));
            assert!(matches!(answer, Err(ResolveError::Inactive)), "{rest}: {answer:?}");
        }
    }

    #[test]
    fn scope_is_one_string_and_absent_means_none() {
        // R-D4
        let scopes = |json: &str| read(json).unwrap().scopes().to_string();
        assert_eq!(scopes(r#"{"active":true}"#), "");
        assert_eq!(scopes(r#"{"active":true,"scope":" b  a b "}"#), "a b");
        assert_eq!(scopes(r#"{"active":true,"scp":"a","permissions":["b"]}"#), "");
        for scope in [r#"["a"]"#, "1", "null", "{}"] {
            let json = format!(r#"{{"active":true,"scope":{scope}}}"#);
            assert_eq!(wrong_member(&json), "scope", "{scope}");
        }
    }

    #[test]
    fn scopes_are_read_from_where_they_are_configured() {
        // R-D4
        let claims = ["scp", "permissions[]", "/realm_access/roles[]"];
        let reader =
            ClaimsReader::default().scope_claims(claims.map(|claim| claim.parse().unwrap()));
        let scopes = |json: &str| {
            reader.read(json.as_bytes()).map(|claims| claims.scopes().to_string()).ok()
        };
        assert_eq!(
            scopes(
                r#"{"active":true,"scope":"no","scp":"a b","permissions":["c","d e"],
                    "realm_access":{"roles":["f"]}}"#
            ),
            Some("a b c f".to_owned())
        );
        assert_eq!(scopes(r#"{"active":true,"realm_access":"x"}"#), Some(String::new()));
        assert_eq!(scopes(r#"{"active":true,"permissions":"c"}"#), None);
        assert_eq!(scopes(r#"{"active":true,"permissions":["c",1]}"#), None);
        assert_eq!(scopes(r#"{"active":true,"scp":["a"]}"#), None);
    }

    #[test]
    fn times_are_numbers_in_range() {
        // R-D5
        let expires = |exp: &str| {
            let claims = read(&format!(r#"{{"active":true,"exp":{exp}}}"#)).unwrap();
            claims.expires_at().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap()
        };
        assert_eq!(expires("1700000000"), Duration::from_secs(1_700_000_000));
        assert_eq!(expires("1.5"), Duration::from_millis(1_500));
        assert_eq!(expires("17e8"), Duration::from_secs(1_700_000_000));
        for name in ["exp", "nbf", "iat"] {
            for wrong in [r#""1700000000""#, "null", "true", "[1]", "{}"] {
                let json = format!(r#"{{"active":true,"{name}":{wrong}}}"#);
                assert_eq!(wrong_member(&json), name, "{wrong}");
            }
            for outside in ["-1", "-0.5", "1700000000000", "1e300", "18446744073709551616"] {
                let json = format!(r#"{{"active":true,"{name}":{outside}}}"#);
                assert_eq!(bad(json), InvalidResponse::TimeOutOfRange, "{name} {outside}");
            }
        }
    }

    #[test]
    fn the_audience_is_a_string_or_an_array_of_strings() {
        // R-D6
        let audience = |aud: &str| {
            let claims = read(&format!(r#"{{"active":true,"aud":{aud}}}"#)).unwrap();
            claims.audience().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(audience(r#""a""#), ["a"]);
        assert_eq!(audience(r#"["a","b"]"#), ["a", "b"]);
        assert!(audience("[]").is_empty());
        for wrong in ["null", "1", r#"["a",1]"#, r#"{"a":"b"}"#, "true"] {
            let json = format!(r#"{{"active":true,"aud":{wrong}}}"#);
            assert_eq!(wrong_member(&json), "aud", "{wrong}");
        }
    }

    #[test]
    fn an_absent_subject_stays_absent() {
        // R-D9
        let claims = read(r#"{"active":true,"username":"u","client_id":"c"}"#).unwrap();
        assert_eq!((claims.subject(), claims.username()), (None, Some("u")));
        for name in ["sub", "client_id", "username", "iss", "jti", "token_type", "token_use"] {
            let json = format!(r#"{{"active":true,"{name}":1}}"#);
            assert_eq!(wrong_member(&json), name);
        }
    }

    #[test]
    fn unknown_members_are_kept_and_decide_nothing() {
        // R-D10
        let json = r#"{"active":true,"tenant":{"id":7},"exp_in":-5}"#;
        assert_eq!(read(json).unwrap().as_json(), json);
    }

    #[test]
    fn a_member_name_that_serde_json_reserves_changes_no_type() {
        // R-D12
        let raw = |value: &str| {
            let value = serde_json::to_string(value).unwrap();
            format!(r#"{{"$serde_json::private::RawValue":{value}}}"#)
        };
        let number = |value: &str| format!(r#"{{"$serde_json::private::Number":"{value}"}}"#);
        for json in [
            format!(r#"{{"active":{}}}"#, raw("true")),
            format!(r#"{{"active":true,"scope":{}}}"#, raw(r#""admin""#)),
            format!(r#"{{"active":true,"aud":{}}}"#, raw(r#"["a"]"#)),
            format!(r#"{{"active":true,"aud":["b",{}]}}"#, raw(r#""a""#)),
            format!(r#"{{"active":true,"exp":{}}}"#, raw("4000000000")),
            format!(r#"{{"active":true,"exp":{}}}"#, number("4000000000")),
            format!(r#"{{"active":true,"sub":{}}}"#, raw(r#""alice""#)),
            format!(r#"{{"active":true,"cnf":{}}}"#, raw("null")),
            format!(r#"{{"active":true,"x":{{"y":[{}]}}}}"#, raw("1")),
            format!(r#"{{"active":true,"x":{{"z":1,"y":{}}}}}"#, number("1")),
            raw(r#"{"active":true}"#),
            format!(r#"{{"active":true,{}"#, raw("1").trim_start_matches('{')),
        ] {
            assert_eq!(bad(&json), InvalidResponse::ReservedMember, "{json}");
            let escaped = json.replace('$', r"\u0024");
            assert_eq!(bad(&escaped), InvalidResponse::ReservedMember, "{escaped}");
        }
        let text = r#"{"active":true,"sub":"$serde_json::private::RawValue"}"#;
        assert_eq!(read(text).unwrap().subject(), Some("$serde_json::private::RawValue"));
    }

    #[test]
    fn no_slip_of_a_byte_panics_or_widens_an_answer() {
        // R-L4, R-D11
        let right =
            br#"{"active":true,"exp":1700000000,"aud":["a"],"scope":"read","x":{"y":[1.5]}}"#;
        let reader = ClaimsReader::default();
        let mut read = 0;
        for position in 0..right.len() {
            for byte in 0..=u8::MAX {
                for json in [replaced(right, position, byte), inserted(right, position, byte)] {
                    let Ok(claims) = reader.read(&json) else { continue };
                    let document: Value = serde_json::from_slice(&json).unwrap();
                    assert_eq!(document["active"], true);
                    let granted = document.get("scope").and_then(Value::as_str).unwrap_or_default();
                    assert!(claims.scopes().iter().all(|one| granted.contains(one)));
                    read += 1;
                }
            }
        }
        assert!(read > 1000, "{read}");
    }

    fn replaced(json: &[u8], position: usize, byte: u8) -> Vec<u8> {
        let mut json = json.to_vec();
        json[position] = byte;
        json
    }

    fn inserted(json: &[u8], position: usize, byte: u8) -> Vec<u8> {
        let mut json = json.to_vec();
        json.insert(position, byte);
        json
    }

    #[test]
    fn what_is_not_one_json_object_is_refused() {
        // R-D11
        let deep = format!(r#"{{"active":true,"x":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        for json in [&b""[..], b"<html>active: true</html>", b"active", b" \xff{}", b"[1,"] {
            assert_eq!(bad(json), InvalidResponse::NotJson);
        }
        // R-C10: a member that the holder of a token chose may have made it so.
        for json in [
            &b"{"[..],
            b"\xef\xbb\xbf{\"active\":true}",
            b"{\"active\":true}{}",
            b"{\"active\":true} x",
            b"{\"active\":true,\"exp\":NaN}",
            b"{\"active\":true,\"exp\":1e999}",
            b"{\"active\":true,\"sub\":\"\xff\"}",
            b"{\"active\":true,\"sub\":\"\\ud800\"}",
            b"{\"active\":true,}",
            b"{'active':true}",
            b"{\"active\":true",
            deep.as_bytes(),
            format!(" \r\n\t{deep}").as_bytes(),
        ] {
            assert_eq!(bad(json), InvalidResponse::UnreadableObject);
        }
        for json in [
            r#"{"active":true,"sub":"a","sub":"b"}"#,
            r#"{"active":true,"exp":1,"exp":2}"#,
            r#"{"active":true,"realm_access":{"roles":[],"roles":["admin"]}}"#,
        ] {
            assert_eq!(bad(json), InvalidResponse::RepeatedMember, "{json}");
        }
    }
}
