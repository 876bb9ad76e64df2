//! R-D: how an introspection response is read, through the responses of a service.

use std::time::{SystemTime, UNIX_EPOCH};

use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::AudienceCheck;

use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran, assert_server_error};

/// Requests `/read` with a token that has this introspection response.
async fn send(service: &Service, response: &str) -> Response {
    let token = service.token_with_response(response);
    Request::get("/read").bearer(&token).send(service.address).await
}

/// The response for a valid token, with further members.
fn valid_response(more: &str) -> String {
    format!(r#"{{"active":true,"aud":"{RESOURCE}","scope":"read","sub":"alice"{more}}}"#)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

#[track_caller]
fn assert_unavailable(response: &Response) {
    assert_server_error(response, 503, body::UNAVAILABLE, Some("5"));
}

#[track_caller]
fn assert_invalid(response: &Response) {
    assert_challenged(response, 401, body::INVALID_TOKEN, "read");
}

#[tokio::test]
async fn active_must_be_a_boolean_present_once() {
    // R-D2
    let service = Service::start().await;
    assert_ran(&send(&service, &valid_response("")).await, "alice may");
    for active in [r#""true""#, "1", "null", "[true]", r#""active""#] {
        assert_unavailable(&send(&service, &valid_response("").replace("true", active)).await);
    }
    for response in [
        valid_response(r#","active":true"#),
        valid_response(r#","active":false"#),
        valid_response("").replace(r#""active":true,"#, ""),
        valid_response("").replace("active", "Active"),
    ] {
        assert_unavailable(&send(&service, &response).await);
    }
    assert_eq!(service.runs(), 1);
}

#[tokio::test]
async fn a_member_name_that_serde_json_reserves_makes_the_response_unusable() {
    // R-D12, R-D2
    let service = Service::start().await;
    let raw = |json: &str| format!(r#"{{"$serde_json::private::RawValue":{json:?}}}"#);
    let number = r#"{"$serde_json::private::Number":"4000000000"}"#;
    let text = raw(r#""read""#);
    for response in [
        valid_response("").replace("true", &raw("true")),
        valid_response("").replace(r#""read""#, &text),
        valid_response("").replace(&format!("{RESOURCE:?}"), &raw(&format!("{RESOURCE:?}"))),
        valid_response(&format!(r#","exp":{}"#, raw("4000000000"))),
        valid_response(&format!(r#","exp":{number}"#)),
        valid_response(&format!(r#","x":[{{"y":{number}}}]"#)),
        raw(&valid_response("")),
        raw(&valid_response("")).replace('$', r"\u0024"),
    ] {
        assert_unavailable(&send(&service, &response).await);
    }
    assert_eq!(service.runs(), 0);
    let ordinary = valid_response(r#","x":"$serde_json::private::RawValue""#);
    assert_ran(&send(&service, &ordinary).await, "alice may");
}

#[tokio::test]
async fn an_inactive_token_is_inactive_whatever_its_other_members() {
    // R-D3
    let service = Service::start().await;
    for rest in ["", r#","scope":"read","sub":"alice","exp":"x""#, r#","sub":1,"sub":2"#] {
        assert_invalid(&send(&service, &format!(r#"{{"active":false{rest}}}"#)).await);
    }
}

#[tokio::test]
async fn scopes_are_read_from_one_string_unless_an_array_is_configured() {
    // R-D4
    let service = Service::start().await;
    let scope = |text: &str| valid_response("").replace(r#""scope":"read""#, text);
    for none in [
        r#""scope":"""#,
        r#""scp":"read""#,
        r#""permissions":["read"]"#,
        r#""realm_access":{"roles":["read"]}"#,
        r#""scopes":"read""#,
    ] {
        let response = send(&service, &scope(none)).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");
    }
    for wrong in [r#""scope":["read"]"#, r#""scope":null"#, r#""scope":{"read":true}"#] {
        assert_unavailable(&send(&service, &scope(wrong)).await);
    }
    let claims = ["/scope".parse().unwrap()];
    let either = Service::with(|client| client.scope_claims(claims), |server| server).await;
    for read in [r#""scope":["x","read"]"#, r#""scope":"x read""#] {
        assert_ran(&send(&either, &scope(read)).await, "alice may");
    }
    let response = send(&either, &scope(r#""scope":["read x"]"#)).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");

    let claims = ["permissions[]", "/realm_access/roles[]"].map(|claim| claim.parse().unwrap());
    let configured = Service::with(|client| client.scope_claims(claims), |server| server).await;
    for place in [r#""permissions":["x","read"]"#, r#""realm_access":{"roles":["read"]}"#] {
        assert_ran(&send(&configured, &scope(place)).await, "alice may");
    }
    let response = send(&configured, &valid_response("")).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");
    assert_unavailable(&send(&configured, &scope(r#""permissions":"read""#)).await);
}

#[tokio::test]
async fn times_bound_a_token_and_must_be_numbers() {
    // R-D5
    let service = Service::start().await;
    let (past, future) = (now() - 100, now() + 100);
    for good in
        [format!(r#","exp":{future}.5,"nbf":{past},"iat":{past}"#), format!(r#","nbf":{past}"#)]
    {
        assert_ran(&send(&service, &valid_response(&good)).await, "alice may");
    }
    for over in
        [format!(r#","exp":{past}"#), format!(r#","nbf":{future}"#), r#","exp":0"#.to_owned()]
    {
        assert_invalid(&send(&service, &valid_response(&over)).await);
    }
    for wrong in [
        format!(r#","exp":"{future}""#),
        format!(r#","exp":{future}000"#),
        r#","exp":null"#.to_owned(),
        r#","exp":-1"#.to_owned(),
        r#","nbf":[1]"#.to_owned(),
        r#","iat":"then""#.to_owned(),
    ] {
        assert_unavailable(&send(&service, &valid_response(&wrong)).await);
    }
}

#[tokio::test]
async fn the_audience_must_be_this_resource() {
    // R-D6
    let service = Service::start().await;
    let own = format!(r#""aud":"{RESOURCE}""#);
    let aud = |text: &str| valid_response("").replace(&own, text);
    assert_ran(&send(&service, &aud(&format!(r#""aud":["x","{RESOURCE}"]"#))).await, "alice may");
    for other in [
        r#""aud":"https://other.example/""#.to_owned(),
        format!(r#""aud":"{RESOURCE}/""#),
        r#""aud":"https://api.example""#.to_owned(),
        r#""aud":[]"#.to_owned(),
        r#""no":"audience""#.to_owned(),
    ] {
        assert_invalid(&send(&service, &aud(&other)).await);
    }
    for wrong in [r#""aud":null"#, r#""aud":1"#, r#""aud":[1]"#] {
        assert_unavailable(&send(&service, &aud(wrong)).await);
    }

    let lenient =
        |check| Service::with(|client| client, move |server| server.audience_check(check));
    let if_present = lenient(AudienceCheck::IfPresent).await;
    assert_ran(&send(&if_present, &aud(r#""no":"audience""#)).await, "alice may");
    assert_invalid(&send(&if_present, &aud(r#""aud":"https://other.example/""#)).await);
    let unchecked = lenient(AudienceCheck::Unchecked).await;
    assert_ran(&send(&unchecked, &aud(r#""aud":"https://other.example/""#)).await, "alice may");
    let further =
        Service::with(|it| it, |server| server.accepted_audiences(["api://journal"])).await;
    assert_ran(&send(&further, &aud(r#""aud":"api://journal""#)).await, "alice may");
    assert_ran(&send(&further, &valid_response("")).await, "alice may");
}

#[tokio::test]
async fn another_issuer_is_rejected() {
    // R-D7
    let service = Service::start().await;
    let issuer = service.authorization_server.issuer().to_owned();
    assert_ran(
        &send(&service, &valid_response(&format!(r#","iss":"{issuer}""#))).await,
        "alice may",
    );
    for other in [format!("{issuer}/"), "https://other.example".to_owned(), String::new()] {
        assert_invalid(&send(&service, &valid_response(&format!(r#","iss":"{other}""#))).await);
    }
}

#[tokio::test]
async fn refresh_and_id_tokens_are_rejected() {
    // R-D8
    let service = Service::start().await;
    for kind in [r#""token_type":"Bearer""#, r#""token_use":"access""#] {
        assert_ran(&send(&service, &valid_response(&format!(",{kind}"))).await, "alice may");
    }
    for kind in [
        r#""token_type":"refresh_token""#,
        r#""token_type":"id_token""#,
        r#""token_use":"refresh""#,
        r#""token_use":"id""#,
        r#""token_type":"DPoP""#,
        r#""cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#,
    ] {
        assert_invalid(&send(&service, &valid_response(&format!(",{kind}"))).await);
    }
}

#[tokio::test]
async fn an_absent_subject_is_not_replaced() {
    // R-D9
    let service = Service::start().await;
    let nobody = valid_response(r#","username":"alice","client_id":"alice""#)
        .replace(r#","sub":"alice""#, "");
    assert_ran(&send(&service, &nobody).await, "no subject may");
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    // R-D10
    let service = Service::start().await;
    let odd = valid_response(r#","expires":1,"revoked":true,"roles":null,"":{"a":[1]}"#);
    assert_ran(&send(&service, &odd).await, "alice may");
}

#[tokio::test]
async fn a_malformed_response_is_an_outage_and_not_an_invalid_token() {
    // R-D1, R-D11
    let service = Service::start().await;
    let nested = format!(r#","x":{}{}"#, "[".repeat(20_000), "]".repeat(20_000));
    for response in [
        String::new(),
        "<html><title>active: true</title></html>".to_owned(),
        "[]".to_owned(),
        format!("\u{feff}{}", valid_response("")),
        format!("{}{}", valid_response(""), valid_response("")),
        valid_response(r#","exp":NaN"#),
        valid_response(r#","exp":1e999"#),
        valid_response(r#","sub":"bob""#),
        valid_response(r#","x":{"y":1,"y":2}"#),
        valid_response(&nested),
        valid_response("").replace('}', ""),
    ] {
        assert_unavailable(&send(&service, &response).await);
    }
    assert_eq!(service.runs(), 0);
}
