//! Requests that not everyone reads alike.

use fixtures::raw_http::Response;
use serde_json::json;

use super::test_server::{MODES, Running, message, meta, post};

#[track_caller]
fn assert_refused(answer: &Response, status: u16, message: &str) {
    let body = json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": { "code": -32600, "message": message },
    });
    assert_eq!((answer.status, answer.body.as_str()), (status, body.to_string().as_str()));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("www-authenticate"), None);
}

const MEMBERS: &str = "the message is not a JSON-RPC request of the Model Context Protocol";
const BATCH: &str = "a batch of messages is not accepted";
const HEADERS: &str = "a header of the Model Context Protocol is there twice";

#[tokio::test]
async fn an_ambiguous_body_is_refused() {
    // R-I4
    for mode in MODES.into_iter().filter(|mode| !mode.is_modern()) {
        let desk = Running::start(mode).await;
        let token = desk.token("read");
        let session = desk.session(&token).await;
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
            let request = desk.head().json(body).bearer(&token);
            let request = match &session {
                Some(id) => request.header("mcp-session-id", id),
                None => request,
            };
            assert_refused(&request.send(desk.address).await, 400, problem);
        }
        assert_eq!(desk.runs(), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn a_repeated_header_is_refused() {
    // R-I4
    let desk = Running::start(MODES[0]).await;
    let token = desk.token("read");
    let call = json!({ "name": "write", "arguments": {} });
    for (name, value) in [
        ("mcp-protocol-version", "2025-06-18"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/list"),
        ("mcp-name", "read"),
    ] {
        let request = desk.request("tools/call", call.clone()).header(name, value).bearer(&token);
        assert_refused(&request.send(desk.address).await, 400, HEADERS);
    }
    let session = desk.session(&token).await.unwrap_or("a".to_owned());
    let open = json!({ "name": "open", "arguments": {} });
    let request = desk.request("tools/call", open).bearer(&token);
    let request = request.header("mcp-session-id", &session).header("mcp-session-id", &session);
    assert_refused(&request.send(desk.address).await, 400, HEADERS);
}

#[tokio::test]
async fn an_encoded_name_is_decoded_before_it_is_believed() {
    // R-I4
    let desk = Running::start(MODES[0]).await;
    let token = desk.token("read");
    let params = json!({
        "name": "write",
        "arguments": {},
        "_meta": meta(MODES[0]),
    });
    let encoded = |name: &str| {
        desk.head()
            .header("mcp-method", "tools/call")
            .header("mcp-name", name)
            .json(&message("tools/call", &params))
            .bearer(&token)
    };
    let answer = encoded("=?base64?d3JpdGU=?=").send(desk.address).await;
    crate::assert_challenged(&answer, 403, fixtures::rejection_body::INSUFFICIENT_SCOPE, "write");
    for name in ["=?base64?cmVhZA==?=", "=?base64?!?=", "=?base64?/w==?="] {
        assert_eq!(encoded(name).send(desk.address).await.status, 400, "{name}");
    }
    assert_eq!(desk.runs(), 0);
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused() {
    // R-I3
    for mode in MODES.into_iter().filter(|mode| !mode.is_modern()) {
        let desk = Running::with(mode, |mcp| mcp.max_body_length(1000)).await;
        let token = desk.token("read");
        let body = |length: usize| {
            let message = message("ping", &json!({}));
            format!("{message}{}", " ".repeat(length - message.len()))
        };
        let answer = post().json(&body(1001)).bearer(&token).send(desk.address).await;
        assert_refused(&answer, 413, "the body is larger than this server accepts");
        let answer = post().json(&body(1000)).bearer(&token).send(desk.address).await;
        assert_ne!(answer.status, 413, "{mode:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_message_is_left_to_the_sdk() {
    let desk = Running::start(MODES[2]).await;
    let token = desk.token("read");
    for body in ["", "no JSON", "7", r#"{"jsonrpc":"2.0","#] {
        let answer = desk.head().json(body).bearer(&token).send(desk.address).await;
        assert_eq!(answer.status, 415, "{body}");
    }
}
