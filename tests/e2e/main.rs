//! End to end: guarded handlers behind a real socket, asked with real requests.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod answers;
mod asking;
mod breaking;
mod counting;
mod credentials;
mod discovery;
mod faults;
mod layer;
mod log;
mod mcp;
mod metadata;
mod once;
mod own_refusals;
mod reading;
mod refusal_log;
mod remembering;
mod scopes;
mod service;
mod setup;
mod standing_in;
mod wire;

use wire::Answer;

/// The body of each refusal.
mod body {
    pub const UNAUTHORIZED: &str = r#"{"error":"unauthorized","error_description":"This resource needs a bearer access token"}"#;
    pub const INVALID_REQUEST: &str = r#"{"error":"invalid_request","error_description":"The request must present exactly one access token"}"#;
    pub const INVALID_TOKEN: &str = r#"{"error":"invalid_token","error_description":"The access token is malformed, expired, revoked or not meant for this resource"}"#;
    pub const INSUFFICIENT_SCOPE: &str = r#"{"error":"insufficient_scope","error_description":"The access token does not carry the scopes that this operation needs"}"#;
    pub const UNAVAILABLE: &str = r#"{"error":"temporarily_unavailable","error_description":"The access token cannot be checked at the moment"}"#;
    pub const SERVER_ERROR: &str = r#"{"error":"server_error","error_description":"This server cannot check access tokens as it is set up"}"#;
}

/// The head of a request with this bearer token, for code that calls the guard itself.
fn head(token: &str) -> http::request::Parts {
    let bearer = format!("Bearer {token}");
    http::Request::get("/").header("authorization", bearer).body(()).unwrap().into_parts().0
}

/// The whole answer of a refusal with a challenge. `scope` is what the operation needs.
#[track_caller]
fn assert_challenged(answer: &Answer, status: u16, body: &str, scope: &str) {
    let parsed: serde_json::Value = serde_json::from_str(body).expect("a body in JSON");
    let error = parsed["error"].as_str().expect("a code");
    let description = parsed["error_description"].as_str().expect("a description");
    let mut parameters = Vec::new();
    if error != "unauthorized" {
        parameters.push(format!("error=\"{error}\""));
        parameters.push(format!("error_description=\"{description}\""));
    }
    if !scope.is_empty() {
        parameters.push(format!("scope=\"{scope}\""));
    }
    parameters.push(service::METADATA.to_owned());
    let challenge = format!("Bearer {}", parameters.join(", "));
    assert_eq!(
        (answer.status, answer.header("www-authenticate"), answer.body.as_str()),
        (status, Some(challenge.as_str()), body)
    );
    assert_eq!(answer.header("retry-after"), None);
    assert_refusal(answer);
}

/// The whole answer of a refusal that is not the caller's doing.
#[track_caller]
fn assert_server_error(answer: &Answer, status: u16, body: &str, retry_after: Option<&str>) {
    assert_eq!(
        (answer.status, answer.header("retry-after"), answer.body.as_str()),
        (status, retry_after, body)
    );
    assert_eq!(answer.header("www-authenticate"), None, "a 5xx carries no challenge");
    assert_refusal(answer);
}

#[track_caller]
fn assert_refusal(answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
}

#[track_caller]
fn assert_ran(answer: &Answer, body: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (200, body));
    assert_eq!(answer.header("www-authenticate"), None);
}
