//! Calls with and without the scopes, in every mode.

use std::sync::Arc;

use fixtures::http_server::serve;
use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::{Mcp, McpBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Condition, Introspection, ResourceServer};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use serde_json::{Value, json};

use super::test_server::{
    Desk, MODES, Mode, RESOURCE, Running, guarded, message, meta, post, reply, resource_server,
    text,
};
use crate::assert_challenged;

#[track_caller]
fn assert_insufficient(answer: &Response, scope: &str) {
    assert_challenged(answer, 403, body::INSUFFICIENT_SCOPE, scope);
}

/// An argument that the tool does not take, so that a call which reads it fails otherwise.
fn wrong() -> Value {
    json!({ "text": ["not a text"] })
}

fn right() -> Value {
    json!({ "text": "hello" })
}

#[tokio::test]
async fn a_tool_runs_for_a_caller_with_its_scopes() {
    // R-I3: the guard is no obstacle to anyone it lets through
    for mode in MODES {
        let desk = Running::start(mode).await;
        let token = desk.token("read write");
        assert_eq!(text(&desk.call(&token, "any_token", json!({})).await), "alice may", "{mode:?}");
        assert_eq!(text(&desk.call(&token, "read", right()).await), "alice may: hello");
        assert_eq!(text(&desk.call(&token, "write", right()).await), "alice may: hello");
        assert_eq!(text(&desk.call(&token, "silent", json!({})).await), "anybody may");
        assert_eq!(text(&desk.call(&token, "a choice", json!({})).await), "alice may");
        assert_eq!(text(&desk.call(&token, "detached", json!({})).await), "alice");
        assert_eq!(text(&desk.call(&token, "optional", json!({})).await), "alice may");
        assert_eq!(text(&desk.call(&token, "open", json!({})).await), "anybody may");
    }
}

#[tokio::test]
async fn a_tool_call_without_the_scopes_is_a_403() {
    // R-I3, R-A8, R-B1 to R-B6
    for mode in MODES {
        let desk = Running::start(mode).await;
        let token = desk.token("other");
        for (tool, scope) in [
            ("read", "read"),
            ("write", "write"),
            ("silent", "read write"),
            ("a choice", "admin"),
            ("detached", "write"),
            ("optional", "read"),
            ("further", "read"),
            ("late", "read"),
        ] {
            assert_insufficient(&desk.call(&token, tool, wrong()).await, scope);
        }
        assert_eq!(desk.runs(), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn a_prompt_and_a_resource_need_their_scopes_too() {
    // R-I3
    for mode in MODES {
        let desk = Running::start(mode).await;
        let token = desk.token("read");
        let prompt = |text: Value| json!({ "name": "compose", "arguments": { "text": text } });
        let refused = desk.ask(&token, "prompts/get", prompt(json!([]))).await;
        assert_insufficient(&refused, "read papers:read");
        for uri in ["desk://papers", "desk://papers/1"] {
            let refused = desk.ask(&token, "resources/read", json!({ "uri": uri })).await;
            assert_insufficient(&refused, "papers:read");
        }
        assert_eq!(desk.runs(), 0, "{mode:?}");

        let token = desk.token("read papers:read");
        let got = reply(&desk.ask(&token, "prompts/get", prompt(json!("x"))).await);
        assert_eq!(got["result"]["messages"][0]["content"]["text"], "alice may: x");
        let got = desk.ask(&token, "resources/read", json!({ "uri": "desk://papers/1" })).await;
        assert_eq!(reply(&got)["result"]["contents"][0]["text"], "alice may");
    }
}

#[tokio::test]
async fn completions_and_subscriptions_are_authorized_like_calls() {
    // R-I3
    for mode in MODES {
        let desk = Running::start(mode).await;
        let (poor, rich) = (desk.token("other"), desk.token("read papers:read"));
        let argument = json!({ "name": "text", "value": "a" });
        let prompt =
            json!({ "ref": { "type": "ref/prompt", "name": "compose" }, "argument": argument });
        let paper = json!({ "ref": { "type": "ref/resource", "uri": "desk://papers/{id}" }, "argument": argument });
        for (params, scope) in [(prompt, "read papers:read"), (paper, "papers:read")] {
            let refused = desk.ask(&poor, "completion/complete", params.clone()).await;
            assert_insufficient(&refused, scope);
            assert_eq!(desk.runs(), 0);
            let completed = reply(&desk.ask(&rich, "completion/complete", params).await);
            assert!(completed["result"]["completion"].is_object(), "{completed}");
            desk.reset();
        }
        let (method, params) = if mode.is_modern() {
            let uris = ["desk://papers/1"];
            ("subscriptions/listen", json!({ "notifications": { "resourceSubscriptions": uris } }))
        } else {
            ("resources/subscribe", json!({ "uri": "desk://papers/1" }))
        };
        assert_insufficient(&desk.ask(&poor, method, params).await, "papers:read");
    }
}

#[tokio::test]
async fn what_depends_on_the_arguments_is_a_403_where_the_status_can_still_be_set() {
    for mode in MODES {
        let desk = Running::start(mode).await;
        let token = desk.token("read");
        let refused = desk.call(&token, "further", json!({ "text": "admin" })).await;
        let prompt = json!({ "name": "prompt_further", "arguments": { "text": "admin" } });
        let prompt = desk.ask(&token, "prompts/get", prompt).await;
        let drawer = json!({ "uri": "desk://drawers/1" });
        let drawer = desk.ask(&token, "resources/read", drawer).await;
        if mode.is_modern() || mode.json {
            assert_insufficient(&refused, "read admin");
            assert_insufficient(&prompt, "admin");
            assert_insufficient(&drawer, "drawers:read");
        } else {
            assert_told(&refused, "read admin");
            assert_told(&prompt, "admin");
            assert_told(&drawer, "drawers:read");
        }
        assert_eq!(desk.runs(), 0, "{mode:?}");
        let runs =
            desk.call(&desk.token("read admin"), "further", json!({ "text": "admin" })).await;
        assert_eq!(text(&runs), "alice may");
    }
}

#[tokio::test]
async fn a_refusal_after_the_answer_has_begun_names_the_scopes() {
    // R-I3: the status has been sent, so the error of JSON-RPC says it all.
    for mode in MODES {
        let desk = Running::start(mode).await;
        let answer = desk.call(&desk.token("read"), "late", json!({})).await;
        assert_told(&answer, "read late");
        assert_eq!(desk.runs(), 0, "{mode:?}");
    }
}

/// The error of JSON-RPC, whole; or, if the refusal was faster than the head, the 403.
#[track_caller]
fn assert_told(answer: &Response, scope: &str) {
    if answer.status == 403 {
        return assert_insufficient(answer, scope);
    }
    let description = "The access token does not carry the scopes that this operation needs";
    let challenge = format!(
        "Bearer error=\"insufficient_scope\", error_description=\"{description}\", \
         scope=\"{scope}\", {}",
        crate::service::METADATA
    );
    assert_eq!(
        reply(answer)["error"],
        json!({
            "code": -32010,
            "message": description,
            "data": {
                "status": 403,
                "error": "insufficient_scope",
                "error_description": description,
                "scope": scope,
                "www_authenticate": challenge,
            },
        })
    );
}

#[tokio::test]
async fn what_does_not_exist_is_not_a_matter_of_scopes() {
    // R-I5
    for mode in MODES {
        let desk = Running::start(mode).await;
        let token = desk.token("other");
        for (method, params) in [
            ("tools/call", json!({ "name": "nothing", "arguments": {} })),
            ("prompts/get", json!({ "name": "nothing" })),
            ("resources/read", json!({ "uri": "nothing://here" })),
        ] {
            let answer = desk.ask(&token, method, params).await;
            assert_eq!(answer.header("www-authenticate"), None, "{mode:?} {method}");
            let error = &reply(&answer)["error"];
            assert_ne!(error["code"], json!(-32010), "{mode:?} {method}");
            assert!(error["code"].is_number(), "{error}");
        }
    }
}

#[tokio::test]
async fn a_caller_without_a_valid_token_gets_no_further_than_the_edge() {
    // R-B1, R-B3, R-I3
    let all = "admin notes:read papers:read read write";
    for mode in MODES {
        let desk = Running::start(mode).await;
        let call = || desk.request("tools/call", json!({ "name": "write", "arguments": {} }));
        // Only what a header says is known before the body is read.
        let scope = if mode.is_modern() { "write" } else { all };
        let missing = call().send(desk.address).await;
        assert_challenged(&missing, 401, body::UNAUTHORIZED, scope);
        let invalid = call().bearer("nobody-knows-it").send(desk.address).await;
        assert_challenged(&invalid, 401, body::INVALID_TOKEN, scope);
        let initialize = desk.initialize().send(desk.address).await;
        assert_challenged(&initialize, 401, body::UNAUTHORIZED, all);
        let stream = fixtures::raw_http::Request::get("/v1").send(desk.address).await;
        assert_challenged(&stream, 401, body::UNAUTHORIZED, all);
        assert_eq!(desk.runs(), 0);
    }
}

#[tokio::test]
async fn the_first_scopes_are_a_setting() {
    // R-B3
    let desk = Running::with(MODES[4], |mcp| mcp.initial_scopes("read papers:read")).await;
    let answer = desk.initialize().send(desk.address).await;
    assert_challenged(&answer, 401, body::UNAUTHORIZED, "read papers:read");
}

#[tokio::test]
async fn of_a_choice_the_first_alternative_is_among_the_first_scopes() {
    // R-B4: never all of them, so that nobody is asked for admin beside what suffices.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mut router = Desk::tool_router();
    router.map.retain(|name, _| name == "a choice");
    let either = Condition::Any(&[
        Condition::All(&[Condition::Scope("papers:read"), Condition::Scope("papers:list")]),
        Condition::Scope("papers"),
    ]);
    let mcp = Mcp::builder(&server, || Ok(Desk::default()))
        .declare_tools(&router)
        .resource("desk://papers", either)
        .build()
        .unwrap();
    let all = ["admin", "papers", "papers:list", "papers:read", "read", "write"];
    assert_eq!(mcp.metadata().scopes_supported, all);
    let sessions = Arc::new(LocalSessionManager::default());
    let address = serve(mcp.routes(sessions, StreamableHttpServerConfig::default())).await;
    let answer = post().json("{}").send(address).await;
    assert_challenged(&answer, 401, body::UNAUTHORIZED, "admin papers:list papers:read");
}

#[tokio::test]
async fn scopes_that_only_a_function_asks_for_can_be_among_the_first() {
    // R-B3, R-I1
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client)
        .scopes_supported(["drawers:read", "read"])
        .build()
        .unwrap();
    let mcp = guarded(&server, Desk::default()).build().unwrap();
    let all = ["drawers:read", "read", "admin", "notes:read", "papers:read", "write"];
    assert_eq!(mcp.metadata().scopes_supported, all);
    let sessions = Arc::new(LocalSessionManager::default());
    let address = serve(mcp.routes(sessions, StreamableHttpServerConfig::default())).await;
    let answer = post().json("{}").send(address).await;
    assert_challenged(&answer, 401, body::UNAUTHORIZED, &all.join(" "));
}

#[tokio::test]
async fn anonymous_callers_reach_only_what_is_open_to_them() {
    for mode in MODES {
        if mode.has_sessions() {
            continue;
        }
        let desk = Running::with(mode, McpBuilder::allow_anonymous).await;
        let call = |tool| desk.request("tools/call", json!({ "name": tool, "arguments": {} }));
        for tool in ["open", "optional"] {
            assert_eq!(text(&call(tool).send(desk.address).await), "anybody may", "{mode:?}");
        }
        for (tool, scope) in [("any_token", ""), ("write", "write")] {
            let answer = call(tool).send(desk.address).await;
            assert_challenged(&answer, 401, body::UNAUTHORIZED, scope);
        }
        let bad = call("open").bearer("nobody-knows-it").send(desk.address).await;
        assert_eq!(bad.status, 401, "a token that is there must be valid");
    }
}

#[tokio::test]
async fn an_outage_is_not_the_callers_fault() {
    // R-B1
    for mode in [MODES[0], MODES[4]] {
        let desk = Running::start(mode).await;
        let token = desk.token("read");
        desk.authorization_server.fault(requires_auth::testing::Fault::status(500));
        let request = desk.request("tools/call", json!({ "name": "read", "arguments": {} }));
        let answer = request.bearer(&token).send(desk.address).await;
        crate::assert_server_error(&answer, 503, body::UNAVAILABLE, Some("5"));
    }
}

#[tokio::test]
async fn the_host_of_the_resource_is_answered_and_no_other() {
    // The SDK itself refuses the others, against DNS rebinding.
    let desk = Running::start(MODES[0]).await;
    let token = desk.token("read");
    let call = |host| {
        let mut params = json!({ "name": "any_token", "arguments": {} });
        params["_meta"] = meta(desk.mode);
        fixtures::raw_http::Request::new_to(host, "POST", "/v1")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", desk.mode.revision)
            .header("mcp-method", "tools/call")
            .header("mcp-name", "any_token")
            .json(&message("tools/call", &params))
            .bearer(&token)
            .send(desk.address)
    };
    assert_eq!(text(&call("api.example").await), "alice may");
    assert_eq!(text(&call("localhost").await), "alice may");
    let other = call("other.example").await;
    assert_eq!((other.status, other.header("www-authenticate")), (403, None));
}

#[tokio::test]
async fn a_log_of_a_request_does_not_show_the_token() {
    // R-I11
    for mode in MODES {
        let desk = Running::start(mode).await;
        let token = desk.token("read");
        let head = text(&desk.call(&token, "logged", json!({})).await);
        assert!(head.contains("Sensitive") && !head.contains(&token), "{head}");
    }
}

#[tokio::test]
async fn a_spoofed_name_gains_nothing() {
    // R-I4: it says one tool in the header and calls another.
    for mode in MODES {
        let desk = Running::start(mode).await;
        let token = desk.token("read");
        let params = json!({ "name": "write", "arguments": { "text": "x" } });
        let spoofed = |mode: Mode| {
            let request = desk.head().header("mcp-method", "tools/call").header("mcp-name", "read");
            let mut params = params.clone();
            if mode.is_modern() {
                params["_meta"] = meta(mode);
            }
            request.json(&message("tools/call", &params)).bearer(&token)
        };
        let request = match desk.session(&token).await {
            Some(id) => spoofed(mode).header("mcp-session-id", id),
            None => spoofed(mode),
        };
        let answer = request.send(desk.address).await;
        if mode.is_modern() {
            assert_eq!(answer.status, 400, "{answer:?}");
        } else {
            assert_insufficient(&answer, "write");
        }
        assert_eq!(desk.runs(), 0, "{mode:?}");
    }
}
