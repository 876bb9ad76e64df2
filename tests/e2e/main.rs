//! End-to-end tests: guarded handlers and MCP servers behind a real socket.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod any_framework;
mod api_keys;
mod application_rejections;
mod argument_scopes;
mod authorization_server_faults;
mod cache;
mod circuit_breaker;
mod client_assertions;
mod client_certificates;
mod client_certificates_of_callers;
mod client_credentials_grant;
mod client_secrets;
mod conditions;
mod counted_service;
mod credentials;
mod discovery;
mod dpop;
mod grpc;
mod handler_groups;
mod introspection_requests;
mod introspection_response;
mod jwt;
mod layer;
mod mcp;
mod metadata;
mod metrics;
mod openapi;
mod permits;
mod rejection_log;
mod rejections;
mod requested_scopes;
mod requirements_in_code;
mod scopes;
mod service;
mod settings;
mod signed_response;
mod single_resolution;
mod stale_claims;
mod tenants;
mod token_exchange;
mod token_requirements;
mod trust_anchors;
mod typed_scopes;
use fixtures::raw_http::Response;

/// The head of a request with this bearer token, for code that calls the guard itself.
fn head(token: &str) -> http::request::Parts {
    let bearer = format!("Bearer {token}");
    http::Request::get("/").header("authorization", bearer).body(()).unwrap().into_parts().0
}

/// The whole response of a rejection with a challenge. `scope` is what the operation needs.
#[track_caller]
fn assert_challenged(response: &Response, status: u16, body: &str, scope: &str) {
    let parsed: serde_json::Value = serde_json::from_str(body).expect("the body is JSON");
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
        (response.status, response.challenge(), response.body.as_str()),
        (status, Some(challenge.as_str()), body)
    );
    assert_eq!(response.header("retry-after"), None);
    assert_rejection_headers(response);
}

/// The whole response of a rejection by a condition on the arguments, which has no challenge.
#[track_caller]
fn assert_denied(response: &Response) {
    assert_eq!(
        (response.status, response.body.as_str()),
        (403, fixtures::rejection_body::ACCESS_DENIED)
    );
    assert_eq!(response.challenge(), None, "another token would not help");
    assert_eq!(response.header("retry-after"), None);
    assert_rejection_headers(response);
}

/// The whole response of a rejection that the caller did not cause.
#[track_caller]
fn assert_server_error(response: &Response, status: u16, body: &str, retry_after: Option<&str>) {
    assert_eq!(
        (response.status, response.header("retry-after"), response.body.as_str()),
        (status, retry_after, body)
    );
    assert_eq!(response.challenge(), None, "a 5xx carries no challenge");
    assert_rejection_headers(response);
}

#[track_caller]
fn assert_rejection_headers(response: &Response) {
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let length = response.body.len().to_string();
    assert_eq!(response.header("content-length"), Some(length.as_str()));
}

#[track_caller]
fn assert_ran(response: &Response, body: &str) {
    assert_eq!((response.status, response.body.as_str()), (200, body));
    assert_eq!(response.challenge(), None);
}
