//! R-I10: a session is usable only by the caller that opened it.

use fixtures::raw_http::{Request, Response};
use serde_json::json;

use super::test_server::{MODES, Mode, RESOURCE, RunningServer, text};

const SESSIONS: [Mode; 2] = [MODES[4], MODES[7]];

fn within(mcp_server: &RunningServer, id: &str, token: &str) -> Request {
    mcp_server
        .request("tools/call", json!({ "name": "any_token", "arguments": {} }))
        .header("mcp-session-id", id)
        .bearer(token)
}

#[track_caller]
fn assert_unknown(response: &Response) {
    assert_eq!(response.status, 404, "{response:?}");
    assert_eq!(
        response.body,
        r#"{"error":{"code":-32600,"message":"there is no such session"},"id":null,"jsonrpc":"2.0"}"#
    );
}

#[tokio::test]
async fn a_session_is_usable_only_by_its_caller() {
    // R-I10
    for mode in SESSIONS {
        let mcp_server = RunningServer::start(mode).await;
        let alice = mcp_server.token("read");
        let id = mcp_server.session(&alice).await.expect("a session");
        let mint =
            || mcp_server.authorization_server.mint().audience(RESOURCE).scopes("read write");
        for other in [
            mint().subject("bob").issue(),
            mint().subject("alice").client_id("another").issue(),
            mint().client_id("alice").issue(),
        ] {
            assert_unknown(&within(&mcp_server, &id, &other).send(mcp_server.address).await);
            for method in ["GET", "DELETE"] {
                let request = Request::new_to("127.0.0.1", method, "/v1")
                    .header("accept", "text/event-stream")
                    .header("mcp-session-id", &id)
                    .bearer(&other);
                assert_unknown(&request.send(mcp_server.address).await);
            }
        }
        assert_eq!(mcp_server.runs(), 0);
        assert_eq!(
            text(&within(&mcp_server, &id, &alice).send(mcp_server.address).await),
            "alice may"
        );
        let again = mcp_server.token("read write");
        assert_eq!(
            text(&within(&mcp_server, &id, &again).send(mcp_server.address).await),
            "alice may",
            "another token of the same caller will do"
        );
    }
}

#[tokio::test]
async fn a_forged_session_id_is_rejected() {
    // R-I10
    let mcp_server = RunningServer::start(SESSIONS[0]).await;
    let alice = mcp_server.token("read");
    let id = mcp_server.session(&alice).await.expect("a session");
    let (inner, code) = id.rsplit_once('.').expect("a sealed id");
    let flipped = if code.starts_with('A') { "B" } else { "A" };
    for forged in [
        inner.to_owned(),
        format!("{inner}."),
        format!("{inner}.{}", &code[1..]),
        format!("{inner}.{}", &code[..20]),
        format!("{inner}.{flipped}{}", &code[1..]),
        format!("{inner}x.{code}"),
        format!(".{code}"),
        "no-session".to_owned(),
    ] {
        assert_unknown(&within(&mcp_server, &forged, &alice).send(mcp_server.address).await);
    }
}

#[tokio::test]
async fn the_identity_is_that_of_the_request_and_not_of_the_session() {
    // R-A9, R-I10
    let mcp_server = RunningServer::start(SESSIONS[0]).await;
    let rich = mcp_server.token("read write");
    let id = mcp_server.session(&rich).await.expect("a session");
    let write = |token: &str| {
        mcp_server
            .request("tools/call", json!({ "name": "write", "arguments": { "text": "x" } }))
            .header("mcp-session-id", &id)
            .bearer(token)
    };
    assert_eq!(text(&write(&rich).send(mcp_server.address).await), "alice may: x");
    let poor = write(&mcp_server.token("read")).send(mcp_server.address).await;
    crate::assert_challenged(&poor, 403, fixtures::rejection_body::INSUFFICIENT_SCOPE, "write");
    let nobody = write("nobody-knows-it").send(mcp_server.address).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(mcp_server.runs(), 1);
}
