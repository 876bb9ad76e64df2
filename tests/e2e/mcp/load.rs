//! Many concurrent clients of every revision, with and without the scopes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use super::test_server::{MODES, RunningServer};
use crate::service::METADATA;

const CLIENTS: usize = 200;

/// How long the clients send requests, in seconds. Set the variable to 30 for a considerable load.
fn duration() -> Duration {
    let seconds = std::env::var("REQUIRES_AUTH_LOAD_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(2))
}

/// The request of a client, and the expected response: a text of the tool, or a rejection.
struct Case {
    token: Option<String>,
    tool: &'static str,
    expected: Result<&'static str, (u16, &'static str, &'static str)>,
}

fn cases(mcp_server: &RunningServer) -> Vec<Case> {
    let (rich, poor) = (mcp_server.token("read write"), mcp_server.token("other"));
    let insufficient = |scope| Err((403, "insufficient_scope", scope));
    let unauthorized =
        |error| Err((401, error, if mcp_server.mode.is_modern() { "write" } else { ALL }));
    vec![
        Case { token: Some(rich.clone()), tool: "write", expected: Ok("alice may: x") },
        Case { token: Some(poor.clone()), tool: "write", expected: insufficient("write") },
        Case { token: Some(rich.clone()), tool: "silent", expected: Ok("anybody may") },
        Case { token: Some(poor.clone()), tool: "silent", expected: insufficient("read write") },
        Case { token: Some(poor), tool: "any_token", expected: Ok("alice may") },
        Case { token: Some(rich), tool: "a choice", expected: Ok("alice may") },
        Case {
            token: Some("nobody".into()),
            tool: "write",
            expected: unauthorized("invalid_token"),
        },
        Case { token: None, tool: "write", expected: unauthorized("") },
    ]
}

const ALL: &str = "admin notes:read papers:read read write";

#[tokio::test(flavor = "multi_thread")]
async fn under_load_every_response_is_correct() {
    // R-I3, R-I10, R-A9
    let mut desks = Vec::new();
    for mode in MODES {
        let mcp_server = RunningServer::with_cache(mode).await;
        let cases = cases(&mcp_server);
        desks.push((mcp_server, cases));
    }
    let desks = Arc::new(desks);
    let http = Client::builder().no_proxy().build().unwrap();
    let counts: [Arc<AtomicUsize>; 2] = Default::default();
    let until = Instant::now() + duration();
    let clients = (0..CLIENTS).map(|number| {
        let (desks, http, counts) = (Arc::clone(&desks), http.clone(), counts.clone());
        tokio::spawn(async move {
            let (mcp_server, cases) = &desks[number % desks.len()];
            let mut sessions: Vec<Option<String>> = Vec::new();
            for case in cases {
                let valid = case.token.as_deref().filter(|token| *token != "nobody");
                sessions.push(match valid {
                    Some(token) => mcp_server.session(token).await,
                    None => None,
                });
            }
            let mut turn = number;
            // On a busy machine, opening the session can take the whole duration.
            while Instant::now() < until || turn < number + 2 * cases.len() {
                turn += 1;
                let index = turn % cases.len();
                call(mcp_server, &http, &cases[index], sessions[index].as_deref()).await;
                counts[usize::from(cases[index].expected.is_err())].fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let [allowed, rejected] = counts.map(|count| count.load(Ordering::Relaxed));
    println!("{CLIENTS} clients: {allowed} calls allowed and {rejected} rejected, all correctly");
    assert!(allowed > CLIENTS && rejected > CLIENTS);
}

async fn call(mcp_server: &RunningServer, http: &Client, case: &Case, session: Option<&str>) {
    let modern = mcp_server.mode.is_modern();
    let mut params = json!({ "name": case.tool, "arguments": { "text": "x" } });
    let mut request = http
        .post(format!("http://{}/v1", mcp_server.address))
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("mcp-protocol-version", mcp_server.mode.revision);
    if modern {
        request = request.header("mcp-method", "tools/call").header("mcp-name", case.tool);
        params["_meta"] = super::test_server::meta(mcp_server.mode);
    }
    if let Some(token) = &case.token {
        request = request.bearer_auth(token);
    }
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    let body = super::test_server::message("tools/call", &params);
    let response = request.body(body).send().await.unwrap();
    let status = response.status().as_u16();
    let challenge = response.headers().get("www-authenticate").cloned();
    let text = response.text().await.unwrap();
    let whole = format!("{:?} {}: {status} {text}", mcp_server.mode, case.tool);
    match case.expected {
        Ok(expected) => {
            let last = text.lines().rfind(|line| line.contains(r#""jsonrpc""#)).expect(&whole);
            let message: Value = serde_json::from_str(last.trim_start_matches("data: ")).unwrap();
            assert_eq!((status, challenge), (200, None), "{whole}");
            assert_eq!(message["result"]["content"][0]["text"], expected, "{whole}");
        }
        Err((expected, error, scope)) => {
            assert_eq!(status, expected, "{whole}");
            let challenge = challenge.expect(&whole);
            let challenge = challenge.to_str().unwrap();
            let end = format!("scope=\"{scope}\", {METADATA}");
            assert!(challenge.ends_with(&end), "{whole}: {challenge}");
            assert_eq!(challenge.contains("error="), !error.is_empty(), "{whole}: {challenge}");
            assert!(challenge.contains(error), "{whole}: {challenge}");
        }
    }
}
