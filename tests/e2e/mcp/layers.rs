//! A guarded server behind a layer that is not its own.

use std::net::SocketAddr;
use std::sync::Arc;

use requires_auth::rmcp::{Mcp, McpBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Introspection, ResourceServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;
use tower_layer::Layer;

use super::desk::{
    Desk, MODES, Mode, RESOURCE, guarded, message, meta, post, reply, resource_server, serve, text,
};
use crate::log::Log;
use crate::wire::Answer;
use crate::{assert_server_error, body};

const OTHER: &str = "https://other.example/mcp";

fn other_server(authorization_server: &AuthorizationServer) -> ResourceServer {
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder(OTHER).issuer(authorization_server.issuer());
    server.resolver(client.unwrap()).build().unwrap()
}

/// The handler of one server behind the layer of another one.
async fn behind(layer: &Mcp<Desk>, handler: &Mcp<Desk>, mode: Mode) -> SocketAddr {
    let handler: Mcp<Desk> = handler.clone();
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = mode.sessions;
    config.json_response = mode.json;
    let service = StreamableHttpService::new(
        move || handler.handler(),
        Arc::new(LocalSessionManager::default()),
        config,
    );
    let service = layer.layer().layer(service);
    serve(axum::Router::new().route_service("/v1", service)).await.0
}

async fn ask(
    address: SocketAddr,
    mode: Mode,
    token: &str,
    method: &str,
    mut params: serde_json::Value,
) -> Answer {
    let mut request = post().header("mcp-protocol-version", mode.revision);
    if mode.is_modern() {
        request = request.header("mcp-method", method);
        if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
            request = request.header("mcp-name", name);
        }
        params["_meta"] = meta(mode);
    }
    request.json(&message(method, &params)).bearer(token).send(address).await
}

#[tokio::test]
async fn a_handler_behind_the_layer_of_another_server_answers_nobody() {
    // R-I18
    let log = Log::default();
    let _logging = log.begin();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let desk = Desk::default();
    let own = guarded(&resource_server(&authorization_server), desk.clone()).build().unwrap();
    let other = guarded(&other_server(&authorization_server), Desk::default());
    let other = other.allow_anonymous().build().unwrap();
    // A token for the layer's server, with every scope.
    let scopes = "read write admin papers:read notes:read";
    let mint = || authorization_server.mint().subject("alice").scopes(scopes);
    let token = mint().audience(OTHER).issue();
    for mode in MODES.into_iter().filter(|mode| !mode.has_sessions()) {
        let address = behind(&other, &own, mode).await;
        for (method, params) in [
            ("tools/call", json!({ "name": "any_token", "arguments": {} })),
            ("tools/call", json!({ "name": "optional", "arguments": {} })),
            ("tools/call", json!({ "name": "open", "arguments": {} })),
            ("prompts/get", json!({ "name": "compose", "arguments": { "text": "x" } })),
            ("resources/read", json!({ "uri": "desk://papers" })),
            ("tools/list", json!({})),
            ("prompts/list", json!({})),
            ("resources/list", json!({})),
            (
                "completion/complete",
                json!({
                    "ref": { "type": "ref/prompt", "name": "compose" },
                    "argument": { "name": "text", "value": "a" },
                }),
            ),
        ] {
            let answer = ask(address, mode, &token, method, params).await;
            if mode.is_modern() || mode.json || answer.status == 500 {
                assert_server_error(&answer, 500, body::SERVER_ERROR, None);
            } else {
                let error = &reply(&answer)["error"];
                assert_eq!(
                    (&error["code"], &error["data"]["status"]),
                    (&json!(-32603), &json!(500))
                );
            }
        }
    }
    let lines = log.lines();
    let line = lines.iter().find(|line| line.contains("behind the layer of another one"));
    let line = line.unwrap_or_else(|| panic!("{lines:?}"));
    assert!(line.contains("ERROR") && line.contains(RESOURCE) && line.contains(OTHER), "{line}");
    assert!(lines.iter().all(|line| !line.contains(&token)), "{lines:?}");

    // The layers of two `Mcp`s of the same resource server let in the same tokens.
    let server = resource_server(&authorization_server);
    let [one, two] = [(), ()].map(|()| guarded(&server, desk.clone()).build().unwrap());
    let address = behind(&one, &two, MODES[1]).await;
    let token = mint().audience(RESOURCE).issue();
    let params = json!({ "name": "any_token", "arguments": {} });
    assert_eq!(text(&ask(address, MODES[1], &token, "tools/call", params).await), "alice may");
}

#[tokio::test]
async fn a_session_behind_the_layer_of_another_server_is_not_begun() {
    // R-I18
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let own = guarded(&resource_server(&authorization_server), Desk::default()).build().unwrap();
    let other = guarded(&other_server(&authorization_server), Desk::default());
    let other = McpBuilder::build(other).unwrap();
    let address = behind(&other, &own, MODES[4]).await;
    let token = authorization_server.mint().subject("alice").audience(OTHER).issue();
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    let answer = post().json(&message("initialize", &params)).bearer(&token).send(address).await;
    assert!(!answer.body.contains("\"result\""), "{answer:?}");
}
