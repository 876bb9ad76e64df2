//! Calls with and without the scopes, in every mode.

use fixtures::raw_http::Response;
use fixtures::rejection_body as body;
use requires_auth::mcp::{Mcp, McpBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Condition, Introspection, ResourceServer};
use serde_json::{Value, json};

use super::test_server::{
    MODES, Mode, RESOURCE, RunningServer, TestServer, guarded, message, meta, post, reply,
    resource_server, serve_mcp, text,
};
use crate::assert_challenged;

#[track_caller]
fn assert_insufficient(response: &Response, scope: &str) {
    assert_challenged(response, 403, body::INSUFFICIENT_SCOPE, scope);
}

/// An argument of a wrong type: a call that parses it fails with another error.
fn wrong() -> Value {
    json!({ "text": ["not a text"] })
}

fn right() -> Value {
    json!({ "text": "hello" })
}

#[tokio::test]
async fn a_tool_runs_for_a_caller_with_its_scopes() {
    // R-I3: with the scopes, the guard changes nothing.
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("read write");
        assert_eq!(
            text(&mcp_server.call(&token, "any_token", json!({})).await),
            "alice may",
            "{mode:?}"
        );
        assert_eq!(text(&mcp_server.call(&token, "read", right()).await), "alice may: hello");
        assert_eq!(text(&mcp_server.call(&token, "write", right()).await), "alice may: hello");
        assert_eq!(text(&mcp_server.call(&token, "silent", json!({})).await), "anybody may");
        assert_eq!(text(&mcp_server.call(&token, "a choice", json!({})).await), "alice may");
        assert_eq!(text(&mcp_server.call(&token, "detached", json!({})).await), "alice");
        assert_eq!(text(&mcp_server.call(&token, "optional", json!({})).await), "alice may");
        assert_eq!(text(&mcp_server.call(&token, "open", json!({})).await), "anybody may");
    }
}

#[tokio::test]
async fn a_tool_call_without_the_scopes_is_a_403() {
    // R-I3, R-A8, R-B1 to R-B6
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("other");
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
            assert_insufficient(&mcp_server.call(&token, tool, wrong()).await, scope);
        }
        assert_eq!(mcp_server.runs(), 0, "{mode:?}");
    }
}

#[tokio::test]
async fn a_prompt_and_a_resource_need_their_scopes_too() {
    // R-I3
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("read");
        let prompt = |text: Value| json!({ "name": "compose", "arguments": { "text": text } });
        let rejected = mcp_server.send(&token, "prompts/get", prompt(json!([]))).await;
        assert_insufficient(&rejected, "read papers:read");
        for uri in ["desk://papers", "desk://papers/1"] {
            let rejected = mcp_server.send(&token, "resources/read", json!({ "uri": uri })).await;
            assert_insufficient(&rejected, "papers:read");
        }
        assert_eq!(mcp_server.runs(), 0, "{mode:?}");

        let token = mcp_server.token("read papers:read");
        let got = reply(&mcp_server.send(&token, "prompts/get", prompt(json!("x"))).await);
        assert_eq!(got["result"]["messages"][0]["content"]["text"], "alice may: x");
        let got =
            mcp_server.send(&token, "resources/read", json!({ "uri": "desk://papers/1" })).await;
        assert_eq!(reply(&got)["result"]["contents"][0]["text"], "alice may");
    }
}

#[tokio::test]
async fn completions_and_subscriptions_are_authorized_like_calls() {
    // R-I3
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let (poor, rich) = (mcp_server.token("other"), mcp_server.token("read papers:read"));
        let argument = json!({ "name": "text", "value": "a" });
        let prompt =
            json!({ "ref": { "type": "ref/prompt", "name": "compose" }, "argument": argument });
        let paper = json!({ "ref": { "type": "ref/resource", "uri": "desk://papers/{id}" }, "argument": argument });
        for (params, scope) in [(prompt, "read papers:read"), (paper, "papers:read")] {
            let rejected = mcp_server.send(&poor, "completion/complete", params.clone()).await;
            assert_insufficient(&rejected, scope);
            assert_eq!(mcp_server.runs(), 0);
            let completed = reply(&mcp_server.send(&rich, "completion/complete", params).await);
            assert!(completed["result"]["completion"].is_object(), "{completed}");
            mcp_server.reset();
        }
        let (method, params) = if mode.is_modern() {
            let uris = ["desk://papers/1"];
            ("subscriptions/listen", json!({ "notifications": { "resourceSubscriptions": uris } }))
        } else {
            ("resources/subscribe", json!({ "uri": "desk://papers/1" }))
        };
        assert_insufficient(&mcp_server.send(&poor, method, params).await, "papers:read");
    }
}

#[tokio::test]
async fn a_further_condition_is_a_403_while_the_status_can_still_be_set() {
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("read");
        let rejected = mcp_server.call(&token, "further", json!({ "text": "admin" })).await;
        let prompt = json!({ "name": "prompt_further", "arguments": { "text": "admin" } });
        let prompt = mcp_server.send(&token, "prompts/get", prompt).await;
        let drawer = json!({ "uri": "desk://drawers/1" });
        let drawer = mcp_server.send(&token, "resources/read", drawer).await;
        if mode.is_modern() || mode.json {
            assert_insufficient(&rejected, "read admin");
            assert_insufficient(&prompt, "admin");
            assert_insufficient(&drawer, "drawers:read");
        } else {
            assert_scopes_in_error(&rejected, "read admin");
            assert_scopes_in_error(&prompt, "admin");
            assert_scopes_in_error(&drawer, "drawers:read");
        }
        assert_eq!(mcp_server.runs(), 0, "{mode:?}");
        let runs = mcp_server
            .call(&mcp_server.token("read admin"), "further", json!({ "text": "admin" }))
            .await;
        assert_eq!(text(&runs), "alice may");
    }
}

#[tokio::test]
async fn a_rejection_after_the_response_has_started_names_the_scopes() {
    // R-I3: the status has been sent, so the error of JSON-RPC has all details.
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let response = mcp_server.call(&mcp_server.token("read"), "late", json!({})).await;
        assert_scopes_in_error(&response, "read late");
        assert_eq!(mcp_server.runs(), 0, "{mode:?}");
    }
}

/// The whole error of JSON-RPC or, if the head had not been sent before the rejection, the 403.
#[track_caller]
fn assert_scopes_in_error(response: &Response, scope: &str) {
    if response.status == 403 {
        return assert_insufficient(response, scope);
    }
    let description = "The access token does not carry the scopes that this operation needs";
    let challenge = format!(
        "Bearer error=\"insufficient_scope\", error_description=\"{description}\", \
         scope=\"{scope}\", {}",
        crate::service::METADATA
    );
    assert_eq!(
        reply(response)["error"],
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
async fn an_unknown_name_is_not_rejected_for_scopes() {
    // R-I5
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("other");
        for (method, params) in [
            ("tools/call", json!({ "name": "nothing", "arguments": {} })),
            ("prompts/get", json!({ "name": "nothing" })),
            ("resources/read", json!({ "uri": "nothing://here" })),
        ] {
            let response = mcp_server.send(&token, method, params).await;
            assert_eq!(response.header("www-authenticate"), None, "{mode:?} {method}");
            let error = &reply(&response)["error"];
            assert_ne!(error["code"], json!(-32010), "{mode:?} {method}");
            assert!(error["code"].is_number(), "{error}");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_valid_token_is_rejected_by_the_layer() {
    // R-B1, R-B3, R-I3
    let all = "admin notes:read papers:read read write";
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let call = || mcp_server.request("tools/call", json!({ "name": "write", "arguments": {} }));
        // Only headers are read before the body.
        let scope = if mode.is_modern() { "write" } else { all };
        let missing = call().send(mcp_server.address).await;
        assert_challenged(&missing, 401, body::UNAUTHORIZED, scope);
        let invalid = call().bearer("nobody-knows-it").send(mcp_server.address).await;
        assert_challenged(&invalid, 401, body::INVALID_TOKEN, scope);
        let initialize = mcp_server.initialize().send(mcp_server.address).await;
        assert_challenged(&initialize, 401, body::UNAUTHORIZED, all);
        let stream = fixtures::raw_http::Request::get("/v1").send(mcp_server.address).await;
        assert_challenged(&stream, 401, body::UNAUTHORIZED, all);
        assert_eq!(mcp_server.runs(), 0);
    }
}

#[tokio::test]
async fn the_first_scopes_are_a_setting() {
    // R-B3
    let mcp_server =
        RunningServer::with(MODES[4], |mcp| mcp.initial_scopes("read papers:read")).await;
    let response = mcp_server.initialize().send(mcp_server.address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "read papers:read");
}

#[tokio::test]
async fn of_a_choice_the_first_alternative_is_among_the_first_scopes() {
    // R-B4: never all alternatives, so that `admin` is not requested beside what suffices.
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = resource_server(&authorization_server);
    let mut router = TestServer::tool_router();
    router.map.retain(|name, _| name == "a choice");
    let either = Condition::Any(&[
        Condition::All(&[Condition::Scope("papers:read"), Condition::Scope("papers:list")]),
        Condition::Scope("papers"),
    ]);
    let mcp = Mcp::builder(&server, || Ok(TestServer::default()))
        .declare_tools(&router)
        .resource("desk://papers", either)
        .build()
        .unwrap();
    let all = ["admin", "papers", "papers:list", "papers:read", "read", "write"];
    assert_eq!(mcp.metadata().scopes_supported, all);
    let address = serve_mcp(&mcp).await;
    let response = post().json("{}").send(address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, "admin papers:list papers:read");
}

#[tokio::test]
async fn scopes_that_only_a_function_requires_can_be_among_the_first() {
    // R-B3, R-I1
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build().unwrap();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client)
        .scopes_supported(["drawers:read", "read"])
        .build()
        .unwrap();
    let mcp = guarded(&server, TestServer::default()).build().unwrap();
    let all = ["drawers:read", "read", "admin", "notes:read", "papers:read", "write"];
    assert_eq!(mcp.metadata().scopes_supported, all);
    let address = serve_mcp(&mcp).await;
    let response = post().json("{}").send(address).await;
    assert_challenged(&response, 401, body::UNAUTHORIZED, &all.join(" "));
}

#[tokio::test]
async fn anonymous_callers_reach_only_what_is_public_or_optional() {
    for mode in MODES {
        if mode.has_sessions() {
            continue;
        }
        let mcp_server = RunningServer::with(mode, McpBuilder::allow_anonymous).await;
        let call =
            |tool| mcp_server.request("tools/call", json!({ "name": tool, "arguments": {} }));
        for tool in ["open", "optional"] {
            assert_eq!(text(&call(tool).send(mcp_server.address).await), "anybody may", "{mode:?}");
        }
        for (tool, scope) in [("any_token", ""), ("write", "write")] {
            let response = call(tool).send(mcp_server.address).await;
            assert_challenged(&response, 401, body::UNAUTHORIZED, scope);
        }
        let bad = call("open").bearer("nobody-knows-it").send(mcp_server.address).await;
        assert_eq!(bad.status, 401, "a token that is there must be valid");
    }
}

#[tokio::test]
async fn an_outage_is_a_503_without_a_challenge() {
    // R-B1
    for mode in [MODES[0], MODES[4]] {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("read");
        mcp_server.authorization_server.fault(requires_auth::testing::Fault::status(500));
        let request = mcp_server.request("tools/call", json!({ "name": "read", "arguments": {} }));
        let response = request.bearer(&token).send(mcp_server.address).await;
        crate::assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    }
}

#[tokio::test]
async fn only_the_host_of_the_resource_is_accepted() {
    // The SDK itself rejects the others, against DNS rebinding.
    let mcp_server = RunningServer::start(MODES[0]).await;
    let token = mcp_server.token("read");
    let call = |host| {
        let mut params = json!({ "name": "any_token", "arguments": {} });
        params["_meta"] = meta(mcp_server.mode);
        fixtures::raw_http::Request::new_to(host, "POST", "/v1")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", mcp_server.mode.revision)
            .header("mcp-method", "tools/call")
            .header("mcp-name", "any_token")
            .json(&message("tools/call", &params))
            .bearer(&token)
            .send(mcp_server.address)
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
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("read");
        let head = text(&mcp_server.call(&token, "logged", json!({})).await);
        assert!(head.contains("Sensitive") && !head.contains(&token), "{head}");
    }
}

#[tokio::test]
async fn a_spoofed_name_grants_nothing() {
    // R-I4: the header names one tool, and the body calls another.
    for mode in MODES {
        let mcp_server = RunningServer::start(mode).await;
        let token = mcp_server.token("read");
        let params = json!({ "name": "write", "arguments": { "text": "x" } });
        let spoofed = |mode: Mode| {
            let request =
                mcp_server.head().header("mcp-method", "tools/call").header("mcp-name", "read");
            let mut params = params.clone();
            if mode.is_modern() {
                params["_meta"] = meta(mode);
            }
            request.json(&message("tools/call", &params)).bearer(&token)
        };
        let request = match mcp_server.session(&token).await {
            Some(id) => spoofed(mode).header("mcp-session-id", id),
            None => spoofed(mode),
        };
        let response = request.send(mcp_server.address).await;
        if mode.is_modern() {
            assert_eq!(response.status, 400, "{response:?}");
        } else {
            assert_insufficient(&response, "write");
        }
        assert_eq!(mcp_server.runs(), 0, "{mode:?}");
    }
}
