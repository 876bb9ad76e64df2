use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::*;

fn read(json: &str) -> Result<Claims, ResolveError> {
    ClaimsReader::default().read_introspection(json.as_bytes())
}

fn bad(json: impl AsRef<[u8]>) -> ResponseError {
    match ClaimsReader::default().read_introspection(json.as_ref()) {
        Err(ResolveError::InvalidResponse(bad)) => bad,
        other => panic!("{:?}: {other:?}", String::from_utf8_lossy(json.as_ref())),
    }
}

fn wrong_member(json: &str) -> &'static str {
    match bad(json) {
        ResponseError::MemberError(wrong) => wrong.name(),
        other => panic!("{json}: {other:?}"),
    }
}

#[test]
fn a_member_of_the_wrong_type_is_named_with_both_types() {
    // R-B9, R-D4, R-D5, R-D6
    for (member, message) in [
        (r#""aud":null"#, "the member `aud` is null, expected a string or an array of strings"),
        (
            r#""aud":["a",1]"#,
            "the member `aud` is an array with other elements than strings, expected a string or an array of strings",
        ),
        (r#""scope":["canary"]"#, "the member `scope` is an array of strings, expected a string"),
        (r#""exp":"canary""#, "the member `exp` is a string, expected a number"),
        (r#""sub":7"#, "the member `sub` is a number, expected a string"),
        (r#""token_use":{"canary":1}"#, "the member `token_use` is an object, expected a string"),
        (r#""iss":true"#, "the member `iss` is a boolean, expected a string"),
    ] {
        assert_eq!(bad(format!(r#"{{"active":true,{member}}}"#)).to_string(), message);
    }
    let reader = ClaimsReader::default().scope_claims(["roles[]".parse().unwrap()]);
    let Err(ResolveError::InvalidResponse(bad)) =
        reader.read_introspection(br#"{"active":true,"roles":"a"}"#)
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
        assert_eq!(bad(format!(r#"{{"active":{active}}}"#)), ResponseError::NoActive, "{active}");
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
        assert_eq!(bad(json), ResponseError::NoActive, "{json}");
    }
}

#[test]
fn other_members_do_not_matter_in_an_inactive_response() {
    // R-D3
    for rest in ["", r#","exp":"never""#, r#","sub":1,"sub":2"#, r#","scope":"read""#] {
        let answer = read(&format!(r#"{{"active":false{rest}}}"#));
        assert!(
            matches!(answer, Err(ResolveError::InvalidToken(TokenError::Inactive))),
            "{rest}: {answer:?}"
        );
    }
}

#[test]
fn scope_is_a_string_and_absent_means_none() {
    // R-D4
    let scopes = |json: &str| read(json).unwrap().scopes().to_string();
    assert_eq!(scopes(r#"{"active":true}"#), "");
    assert_eq!(scopes(r#"{"active":true,"scope":" b  a b "}"#), "a b");
    for scope in
        ["[]", r#"["a"]"#, r#"["a",1]"#, r#"["a",null]"#, r#"[["a"]]"#, "1", "null", "{}", "true"]
    {
        let json = format!(r#"{{"active":true,"scope":{scope}}}"#);
        assert_eq!(wrong_member(&json), "scope", "{scope}");
    }
}

#[test]
fn scope_is_a_string_also_where_it_is_configured_by_its_name() {
    // R-D4
    let read = |claim: &str, json: &str| {
        let reader = ClaimsReader::default().scope_claims([claim.parse().unwrap()]);
        reader.read_introspection(json.as_bytes()).map(|claims| claims.scopes().to_string()).ok()
    };
    let (string, array) =
        (r#"{"active":true,"scope":"a b"}"#, r#"{"active":true,"scope":["a","b"]}"#);
    let granted = Some("a b".to_owned());
    for (claim, of_string, of_array) in
        [("scope", true, false), ("scope[]", false, true), ("/scope", true, true)]
    {
        assert_eq!(read(claim, string), granted.clone().filter(|_| of_string), "{claim}");
        assert_eq!(read(claim, array), granted.clone().filter(|_| of_array), "{claim}");
    }
}

#[test]
fn scopes_are_read_from_the_configured_claims() {
    // R-D4
    let claims = ["scp", "permissions[]", "/realm_access/roles[]"];
    let reader = ClaimsReader::default().scope_claims(claims.map(|claim| claim.parse().unwrap()));
    let scopes = |json: &str| {
        reader.read_introspection(json.as_bytes()).map(|claims| claims.scopes().to_string()).ok()
    };
    assert_eq!(
        scopes(
            r#"{"active":true,"scope":"no","scp":"a b","permissions":["c","d e"],
                "realm_access":{"roles":["f"]}}"#
        ),
        Some("a b c f".to_owned())
    );
    assert_eq!(scopes(r#"{"active":true,"realm_access":{}}"#), Some(String::new()));
    assert_eq!(scopes(r#"{"active":true,"realm_access":"x"}"#), None);
    assert_eq!(scopes(r#"{"active":true,"realm_access":null}"#), None);
    assert_eq!(scopes(r#"{"active":true,"permissions":"c"}"#), None);
    assert_eq!(scopes(r#"{"active":true,"permissions":["c",1]}"#), None);
    assert_eq!(scopes(r#"{"active":true,"scp":["a","b c"]}"#), Some("a".to_owned()));
    assert_eq!(scopes(r#"{"active":true,"scp":1}"#), None);
}

#[test]
fn roles_are_scopes_only_where_their_claim_is_configured() {
    // R-D4
    let document = r#"{"active":true,"scope":"openid","scp":"a","scopes":"b","permissions":["c"],
        "roles":["d"],"groups":["e"],"realm_access":{"roles":["f","default role"]},
        "resource_access":{"my-api":{"roles":["g"]},"account":{"roles":["h"]},"empty":{}},
        "urn:zitadel:iam:org:project:roles":{"i":{"1":"org.example"},"j k":{}},
        "cognito:groups":["l"],"https://journal.example/roles":["m"]}"#;
    for (claims, expected) in [
        (&["scope"][..], "openid"),
        (&["scope", "scp"], "a openid"),
        (&["permissions[]"], "c"),
        (&["/realm_access/roles[]"], "f"),
        (&["/resource_access/my-api/roles[]"], "g"),
        (&["/resource_access/my-api/roles", "/realm_access/roles"], "f g"),
        (&["/resource_access/*/roles[]"], "g h"),
        (&["/resource_access/none/roles[]"], ""),
        (&["urn:zitadel:iam:org:project:roles{}"], "i"),
        (&["groups", "cognito:groups[]"], "e l"),
        (&["https://journal.example/roles[]"], "m"),
        (&[], ""),
    ] {
        let parsed = claims.iter().map(|claim| claim.parse().unwrap());
        let reader = ClaimsReader::default().scope_claims(parsed);
        let read = reader.read_introspection(document.as_bytes()).unwrap();
        assert_eq!(read.scopes().as_str(), expected, "{claims:?}");
        let texts: Vec<&str> = claims.to_vec();
        assert_eq!(reader.places(), texts);
    }
}

#[test]
fn a_configured_claim_of_another_type_is_an_error() {
    // R-D4
    for (claim, wrong, message) in [
        ("scp", r#""scp":{"a":{}}"#, "an object, expected a string or an array of strings"),
        ("roles[]", r#""roles":"a b""#, "a string, expected an array of strings"),
        ("roles[]", r#""roles":null"#, "null, expected an array of strings"),
        ("roles{}", r#""roles":["a"]"#, "an array of strings, expected an object of objects"),
        ("roles{}", r#""roles":{"a":false}"#, "an object, expected an object of objects"),
        ("roles{}", r#""roles":{"a":{},"b":null}"#, "an object, expected an object of objects"),
        ("/x/roles", r#""x":["a"]"#, "an array of strings, expected an object"),
        ("/x/*/roles", r#""x":{"a":{"roles":["a"]},"b":7}"#, "a number, expected an object"),
        (
            "/x/*/roles[]",
            r#""x":{"a":{"roles":["a"]},"b":{"roles":"b"}}"#,
            "a string, expected an array of strings",
        ),
    ] {
        let reader = ClaimsReader::default().scope_claims([claim.parse().unwrap()]);
        let json = format!(r#"{{"active":true,{wrong}}}"#);
        let Err(ResolveError::InvalidResponse(bad)) = reader.read_introspection(json.as_bytes())
        else {
            panic!("{claim} {wrong}");
        };
        let expected = format!("a member that is configured as a scope claim is {message}");
        assert_eq!(bad.to_string(), expected, "{claim} {wrong}");
    }
    // R-D11: a repeated member below a scope claim, and a reserved name (R-D12).
    let reader = ClaimsReader::default().scope_claims(["/x/*/roles".parse().unwrap()]);
    for (json, expected) in [
        (r#"{"active":true,"x":{"a":{},"a":{"roles":["b"]}}}"#, ResponseError::RepeatedMember),
        (
            r#"{"active":true,"x":{"a":{"roles":{"$serde_json::private::RawValue":"[\"b\"]"}}}}"#,
            ResponseError::ReservedMember,
        ),
    ] {
        match reader.read_introspection(json.as_bytes()) {
            Err(ResolveError::InvalidResponse(bad)) => assert_eq!(bad, expected, "{json}"),
            other => panic!("{json}: {other:?}"),
        }
    }
}

#[test]
fn the_time_to_read_scopes_is_linear_in_the_size_of_the_document() {
    // R-D4, R-I13: 50 000 clients, each with a role.
    let clients: Vec<String> =
        (0..50_000).map(|one| format!(r#""c{one}":{{"roles":["r{one}"]}}"#)).collect();
    let json = format!(r#"{{"active":true,"x":{{{}}}}}"#, clients.join(","));
    let reader = ClaimsReader::default().scope_claims(["/x/*/roles[]".parse().unwrap()]);
    let begun = std::time::Instant::now();
    assert_eq!(reader.read_introspection(json.as_bytes()).unwrap().scopes().len(), 50_000);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
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
            assert_eq!(bad(json), ResponseError::TimeOutOfRange, "{name} {outside}");
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
fn unknown_members_are_kept_and_ignored() {
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
        assert_eq!(bad(&json), ResponseError::ReservedMember, "{json}");
        let escaped = json.replace('$', r"\u0024");
        assert_eq!(bad(&escaped), ResponseError::ReservedMember, "{escaped}");
    }
    let text = r#"{"active":true,"sub":"$serde_json::private::RawValue"}"#;
    assert_eq!(read(text).unwrap().subject(), Some("$serde_json::private::RawValue"));
}

#[test]
fn a_changed_byte_causes_no_panic_and_no_further_scope() {
    // R-L4, R-D11
    let right = br#"{"active":true,"exp":1700000000,"aud":["a"],"scope":"read","x":{"y":[1.5]}}"#;
    let reader = ClaimsReader::default();
    let mut read = 0;
    for position in 0..right.len() {
        for byte in 0..=u8::MAX {
            for json in [replaced(right, position, byte), inserted(right, position, byte)] {
                let Ok(claims) = reader.read_introspection(&json) else { continue };
                let document: Value = serde_json::from_slice(&json).unwrap();
                assert_eq!(document["active"], true);
                let granted = document.get("scope").map(Value::to_string).unwrap_or_default();
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
fn a_response_must_be_one_json_object() {
    // R-D11
    let deep = format!(r#"{{"active":true,"x":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    for json in [&b""[..], b"<html>active: true</html>", b"active", b" \xff{}", b"[1,"] {
        assert_eq!(bad(json), ResponseError::NotJson);
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
        assert_eq!(bad(json), ResponseError::UnreadableObject);
    }
    for json in [
        r#"{"active":true,"sub":"a","sub":"b"}"#,
        r#"{"active":true,"exp":1,"exp":2}"#,
        r#"{"active":true,"realm_access":{"roles":[],"roles":["admin"]}}"#,
    ] {
        assert_eq!(bad(json), ResponseError::RepeatedMember, "{json}");
    }
}

#[test]
fn a_claim_set_needs_no_member_of_introspection() {
    let claims = Claims::from_json(br#"{"sub":"alice","scope":"read","active":false}"#).unwrap();
    assert_eq!((claims.subject(), claims.scopes().as_str()), (Some("alice"), "read"));
    for (json, expected) in [
        ("[]", ResponseError::NotAnObject),
        ("\"a\"", ResponseError::NotAnObject),
        (r#"{"sub":"a","sub":"b"}"#, ResponseError::RepeatedMember),
        (r#"{"act":{"sub":"a","sub":"b"}}"#, ResponseError::RepeatedMember),
        (r#"{"sub":"a""#, ResponseError::UnreadableObject),
        ("a", ResponseError::NotJson),
    ] {
        match Claims::from_json(json.as_bytes()) {
            Err(ResolveError::InvalidResponse(found)) => assert_eq!(found, expected, "{json}"),
            other => panic!("{json}: {other:?}"),
        }
    }
    assert!(Claims::from_json(br#"{"exp":"1"}"#).is_err(), "R-D5");
}

#[test]
fn an_actor_chain_is_read_whole() {
    // R-D13
    let claims = read(
        r#"{"active":true,"sub":"alice","may_act":{"sub":"helper"},
            "act":{"sub":"agent","iss":"https://a.example","client_id":"c","act":{"client_id":"d"}}}"#,
    )
    .unwrap();
    let actor = claims.actor().unwrap();
    assert_eq!(
        (actor.subject(), actor.issuer(), actor.client_id()),
        (Some("agent"), Some("https://a.example"), Some("c"))
    );
    let prior = actor.prior().unwrap();
    assert_eq!((prior.subject(), prior.client_id(), prior.prior()), (None, Some("d"), None));
    assert_eq!(actor.chain().count(), 2);
    assert_eq!(claims.may_act().unwrap().subject(), Some("helper"));

    let without = read(r#"{"active":true,"sub":"alice"}"#).unwrap();
    assert_eq!((without.actor(), without.may_act()), (None, None));
}

#[test]
fn an_actor_that_cannot_be_read_makes_no_token_without_an_actor() {
    // R-D13
    let nested = format!("{}null{}", r#"{"act":"#.repeat(20), "}".repeat(20));
    for act in [
        "null",
        "\"agent\"",
        "[]",
        "[{}]",
        "7",
        "true",
        r#"{"sub":7}"#,
        r#"{"iss":null}"#,
        r#"{"client_id":[]}"#,
        r#"{"sub":"a","act":"b"}"#,
        &nested,
    ] {
        assert_eq!(wrong_member(&format!(r#"{{"active":true,"act":{act}}}"#)), "act", "{act}");
        let claims = ClaimsReader::default().read_claims(format!(r#"{{"act":{act}}}"#).as_bytes());
        assert!(matches!(claims, Err(ResolveError::InvalidResponse(_))), "{act}: {claims:?}");
        // What permits is ignored.
        let may_act = read(&format!(r#"{{"active":true,"may_act":{act}}}"#)).unwrap();
        assert_eq!(may_act.may_act(), None, "{act}");
    }
    // An actor without a name is an actor.
    assert!(read(r#"{"active":true,"act":{}}"#).unwrap().actor().is_some());
}

#[test]
fn a_login_that_cannot_be_read_is_none() {
    // R-D13
    let login = |json: &str| {
        let claims = read(&format!(r#"{{"active":true,{json}}}"#)).unwrap();
        let amr: Vec<String> = claims.amr().map(str::to_owned).collect();
        (claims.acr().map(str::to_owned), amr, claims.auth_time())
    };
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
    assert_eq!(
        login(r#""acr":"mfa","amr":["pwd","otp"],"auth_time":10"#),
        (Some("mfa".to_owned()), vec!["pwd".to_owned(), "otp".to_owned()], Some(time))
    );
    for json in [
        r#""acr":1,"amr":"pwd","auth_time":"10""#,
        r#""acr":["mfa"],"amr":["pwd",1],"auth_time":-1"#,
        r#""acr":null,"amr":{},"auth_time":1e300"#,
        r#""sub":"alice""#,
    ] {
        assert_eq!(login(json), (None, vec![], None), "{json}");
    }
}

#[cfg(feature = "jwt")]
#[test]
fn either_source_of_a_token_can_name_its_actor() {
    // R-D13
    let (with, other) = (r#"{"act":{"sub":"agent"}}"#, r#"{"act":{"sub":"other"}}"#);
    for (claims, restriction, expected) in [
        (with, "{}", Some("agent")),
        ("{}", with, Some("agent")),
        (r#"{"may_act":{"sub":"x"}}"#, with, Some("agent")),
        (with, other, Some("agent")),
        ("{}", r#"{"may_act":{"sub":"x"}}"#, None),
    ] {
        let claims = Claims::from_json(claims.as_bytes()).unwrap();
        let claims = claims.restricted_by(&Claims::from_json(restriction.as_bytes()).unwrap());
        assert_eq!(claims.actor().and_then(|actor| actor.subject()), expected, "{restriction}");
    }
}

#[cfg(feature = "jwt")]
#[test]
fn of_two_statements_on_a_login_the_weaker_one_counts() {
    // R-H3, R-D13
    let claims = |json: &str| Claims::from_json(json.as_bytes()).unwrap();
    let seconds = |claims: &Claims| {
        let since = claims.auth_time().map(|time| time.duration_since(SystemTime::UNIX_EPOCH));
        since.map(|since| since.unwrap().as_secs())
    };
    for (own, other, expected) in [
        (r#"{"acr":"phr","auth_time":20}"#, "{}", (Some("phr"), Some(20))),
        (
            r#"{"acr":"phr","auth_time":20}"#,
            r#"{"acr":"phr","auth_time":20}"#,
            (Some("phr"), Some(20)),
        ),
        (r#"{"acr":"phr","auth_time":20}"#, r#"{"acr":"pwd","auth_time":10}"#, (None, Some(10))),
        (r#"{"acr":"phr","auth_time":20}"#, r#"{"auth_time":30}"#, (Some("phr"), Some(20))),
        // The introspection response does not have them.
        ("{}", r#"{"acr":"phr","auth_time":10}"#, (None, None)),
        (r#"{"acr":"phr"}"#, r#"{"auth_time":10}"#, (Some("phr"), None)),
    ] {
        let restricted = claims(own).restricted_by(&claims(other));
        assert_eq!((restricted.acr(), seconds(&restricted)), expected, "{own} {other}");
    }
}
