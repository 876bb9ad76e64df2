//! R-I10: sessions belong to the caller who opened them.

use fixtures::raw_http::{Request, Response};
use serde_json::json;

use super::test_server::{MODES, Mode, RESOURCE, Running, text};

const SESSIONS: [Mode; 2] = [MODES[4], MODES[7]];

fn within(desk: &Running, id: &str, token: &str) -> Request {
    desk.request("tools/call", json!({ "name": "any_token", "arguments": {} }))
        .header("mcp-session-id", id)
        .bearer(token)
}

#[track_caller]
fn assert_unknown(answer: &Response) {
    assert_eq!(answer.status, 404, "{answer:?}");
    assert_eq!(
        answer.body,
        r#"{"error":{"code":-32600,"message":"there is no such session"},"id":null,"jsonrpc":"2.0"}"#
    );
}

#[tokio::test]
async fn a_session_is_nobody_elses() {
    // R-I10
    for mode in SESSIONS {
        let desk = Running::start(mode).await;
        let alice = desk.token("read");
        let id = desk.session(&alice).await.expect("a session");
        let mint = || desk.authorization_server.mint().audience(RESOURCE).scopes("read write");
        for other in [
            mint().subject("bob").issue(),
            mint().subject("alice").client_id("another").issue(),
            mint().client_id("alice").issue(),
        ] {
            assert_unknown(&within(&desk, &id, &other).send(desk.address).await);
            for method in ["GET", "DELETE"] {
                let request = Request::new_to("127.0.0.1", method, "/v1")
                    .header("accept", "text/event-stream")
                    .header("mcp-session-id", &id)
                    .bearer(&other);
                assert_unknown(&request.send(desk.address).await);
            }
        }
        assert_eq!(desk.runs(), 0);
        assert_eq!(text(&within(&desk, &id, &alice).send(desk.address).await), "alice may");
        let again = desk.token("read write");
        assert_eq!(
            text(&within(&desk, &id, &again).send(desk.address).await),
            "alice may",
            "another token of the same caller will do"
        );
    }
}

#[tokio::test]
async fn a_session_id_cannot_be_made_up() {
    // R-I10
    let desk = Running::start(SESSIONS[0]).await;
    let alice = desk.token("read");
    let id = desk.session(&alice).await.expect("a session");
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
        assert_unknown(&within(&desk, &forged, &alice).send(desk.address).await);
    }
}

#[tokio::test]
async fn the_identity_is_that_of_the_request_and_not_of_the_session() {
    // R-A9, R-I10
    let desk = Running::start(SESSIONS[0]).await;
    let rich = desk.token("read write");
    let id = desk.session(&rich).await.expect("a session");
    let write = |token: &str| {
        desk.request("tools/call", json!({ "name": "write", "arguments": { "text": "x" } }))
            .header("mcp-session-id", &id)
            .bearer(token)
    };
    assert_eq!(text(&write(&rich).send(desk.address).await), "alice may: x");
    let poor = write(&desk.token("read")).send(desk.address).await;
    crate::assert_challenged(&poor, 403, fixtures::rejection_body::INSUFFICIENT_SCOPE, "write");
    let nobody = write("nobody-knows-it").send(desk.address).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(desk.runs(), 1);
}
