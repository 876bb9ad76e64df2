//! Ambiguous requests, which two parsers could read differently.

use fixtures::raw_http::Response;
use serde_json::json;

use super::test_server::{MODES, RunningServer, message, meta, post};

#[track_caller]
fn assert_rejected(response: &Response, status: u16, message: &str) {
    let body = json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": { "code": -32600, "message": message },
    });
    assert_eq!((response.status, response.body.as_str()), (status, body.to_string().as_str()));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("www-authenticate"), None);
}

const MEMBERS: &str = "the message is not a JSON-RPC request of the Model Context Protocol";
const BATCH: &str = "a batch of messages is not accepted";
const HEADERS: &str = "a header of the Model Context Protocol is there twice";

#[tokio::test]
async fn an_ambiguous_body_is_rejected() {
    // R-I4
    for mode in MODES.into_iter().filter(|mode| !mode.is_modern()) {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("read");
        let session = mcp_server.session(&token).await;
        for (body, problem) in [
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"write"}}"#,
                MEMBERS,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","name":"write"}}"#,
                MEMBERS,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","n\u0061me":"write"}}"#,
                MEMBERS,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"},"params":{"name":"write"}}"#,
                MEMBERS,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[null,"write"]}"#, MEMBERS),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write"}}]"#,
                BATCH,
            ),
            ("  []", BATCH),
        ] {
            let request = mcp_server.head().json(body).bearer(&token);
            let request = match &session {
                Some(id) => request.header("mcp-session-id", id),
                None => request,
            };
            assert_rejected(&request.send(mcp_server.address).await, 400, problem);
        }
        assert_eq!(mcp_server.runs(), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn a_repeated_header_is_rejected() {
    // R-I4
    let mcp_server = RunningServer::start(MODES[0]).await;
    let token = mcp_server.token("read");
    let call = json!({ "name": "write", "arguments": {} });
    for (name, value) in [
        ("mcp-protocol-version", "2025-06-18"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/list"),
        ("mcp-name", "read"),
    ] {
        let request =
            mcp_server.request("tools/call", call.clone()).header(name, value).bearer(&token);
        assert_rejected(&request.send(mcp_server.address).await, 400, HEADERS);
    }
    let session = mcp_server.session(&token).await.unwrap_or("a".to_owned());
    let open = json!({ "name": "open", "arguments": {} });
    let request = mcp_server.request("tools/call", open).bearer(&token);
    let request = request.header("mcp-session-id", &session).header("mcp-session-id", &session);
    assert_rejected(&request.send(mcp_server.address).await, 400, HEADERS);
}

#[tokio::test]
async fn an_encoded_name_is_decoded_before_it_is_compared() {
    // R-I4
    let mcp_server = RunningServer::start(MODES[0]).await;
    let token = mcp_server.token("read");
    let params = json!({
        "name": "write",
        "arguments": {},
        "_meta": meta(MODES[0]),
    });
    let encoded = |name: &str| {
        mcp_server
            .head()
            .header("mcp-method", "tools/call")
            .header("mcp-name", name)
            .json(&message("tools/call", &params))
            .bearer(&token)
    };
    let response = encoded("=?base64?d3JpdGU=?=").send(mcp_server.address).await;
    crate::assert_challenged(&response, 403, fixtures::rejection_body::INSUFFICIENT_SCOPE, "write");
    for name in ["=?base64?cmVhZA==?=", "=?base64?!?=", "=?base64?/w==?="] {
        assert_eq!(encoded(name).send(mcp_server.address).await.status, 400, "{name}");
    }
    assert_eq!(mcp_server.runs(), 0);
}

#[tokio::test]
async fn a_body_beyond_the_maximum_length_is_rejected() {
    // R-I3
    for mode in MODES.into_iter().filter(|mode| !mode.is_modern()) {
        let mcp_server = RunningServer::with(mode, |mcp| mcp.max_body_length(1000)).await;
        let token = mcp_server.token("read");
        let body = |length: usize| {
            let message = message("ping", &json!({}));
            format!("{message}{}", " ".repeat(length - message.len()))
        };
        let response = post().json(&body(1001)).bearer(&token).send(mcp_server.address).await;
        assert_rejected(&response, 413, "the body is larger than this server accepts");
        let response = post().json(&body(1000)).bearer(&token).send(mcp_server.address).await;
        assert_ne!(response.status, 413, "{mode:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_message_is_passed_to_the_sdk() {
    let mcp_server = RunningServer::start(MODES[2]).await;
    let token = mcp_server.token("read");
    for body in ["", "no JSON", "7", r#"{"jsonrpc":"2.0","#] {
        let response = mcp_server.head().json(body).bearer(&token).send(mcp_server.address).await;
        assert_eq!(response.status, 415, "{body}");
    }
}
