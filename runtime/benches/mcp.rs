//! The time that the guard and its layer add to an MCP tool call over HTTP.
//!
//! `cargo bench -p requires-auth --features rmcp --bench mcp` runs all modes; a part of a mode's name behind it
//! selects modes. The benchmark fails if a budget is exceeded.
//!
//! The unguarded server is the expansion of `#[tool_handler]`, and gets the same requests, with the token. The
//! guarded one uses `tool_router`, as the documentation recommends, so that the SDK does not create the router of
//! its tools for each call. The figure for `declare_tools`, for a handler with its own `call_tool`, has no budget.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod fixture;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use bench_support::http_load::{Connections, FIRST_MESSAGE_ID, send_once, serve};
use bench_support::paired_runs::{Variant, compare};
use bench_support::report::{Report, figure, heading, percent, us};
use bench_support::token::TOKEN;
use fixture::server;
use requires_auth::mcp::{Mcp, McpBuilder};
use requires_auth::requires_auth;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ServerCapabilities, ServerConfig};
use rmcp::schemars::{self, JsonSchema};
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde::Deserialize;
use serde_json::{Value, json};

const ROUNDS: usize = 150;
const CALLS: u32 = 400;
const CONNECTIONS: u32 = 8;

fn main() -> ExitCode {
    let mut report = Report::default();
    let modes = [
        Mode { revision: "2026-07-28", sessions: false, json: true },
        Mode { revision: "2025-11-25", sessions: false, json: true },
        Mode { revision: "2025-11-25", sessions: true, json: false },
    ];
    let selected: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for mode in modes {
        let name = mode.name();
        if selected.is_empty() || selected.iter().any(|part| name.contains(part)) {
            run(mode, &mut report);
        }
    }
    report.exit()
}

fn run(mode: Mode, report: &mut Report) {
    let sessions = || Arc::new(LocalSessionManager::default());
    let guarded = |settings: fn(McpBuilder<Guarded>) -> McpBuilder<Guarded>| {
        let mcp = settings(Mcp::builder(&server(), || Ok(Guarded))).build();
        mcp.expect("the settings are right").service(sessions(), mode.config())
    };
    let without = StreamableHttpService::new(|| Ok(Unguarded), sessions(), mode.config());
    // All variants share a thread and a heap. The paths have the same length.
    let app = Router::new()
        .route_service("/without", without)
        .route_service("/guarded", guarded(|mcp| mcp.declare_tools(&Guarded::tool_router())))
        .route_service("/routing", guarded(|mcp| mcp.tool_router(Guarded::tool_router())));
    let address = serve(app);
    let connections =
        |path| Connections::new(address, CONNECTIONS, || mode.call(address, path), TEXT);
    let mut without = connections("/without");
    let (mut guarded, mut routing) = (connections("/guarded"), connections("/routing"));
    let mut variants = [
        Variant::new("without", |calls| without.send(calls)),
        Variant::new("with `declare_tools`", |calls| guarded.send(calls)),
        Variant::new("with `tool_router`", |calls| routing.send(calls)),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading(&format!("A tool call, {}", mode.name()));
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, us(rounds.median(index)));
    }
    let added = |index| rounds.ratio(index, 0) - 1.0;
    figure("the layer and the guard add, with `declare_tools`", percent(added(1)));
    let name = "the layer and the guard add";
    report.check(name, percent(added(2)), "5 %", added(2) <= 0.05);
}

/// A protocol revision, and the transport mode of the server.
#[derive(Clone, Copy)]
struct Mode {
    revision: &'static str,
    sessions: bool,
    json: bool,
}

impl Mode {
    fn name(self) -> String {
        let answers = if self.sessions { "with sessions" } else { "stateless, JSON" };
        format!("revision {}, {answers}", self.revision)
    }

    fn config(self) -> StreamableHttpServerConfig {
        let mut config = StreamableHttpServerConfig::default();
        config.legacy_session_mode = self.sessions;
        config.json_response = self.json;
        config
    }

    /// The call, within a session if there are any.
    fn call(self, address: SocketAddr, path: &str) -> String {
        let mut params = json!({ "name": "say", "arguments": { "text": TEXT } });
        let mut headers = Vec::new();
        if self.revision >= "2026-07-28" {
            headers.extend(["mcp-method: tools/call".to_owned(), "mcp-name: say".to_owned()]);
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.revision,
                "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        if self.sessions {
            let id = self.session(address, path);
            let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
            send_once(address, &self.post(path, std::slice::from_ref(&id), &initialized));
            headers.push(id);
        }
        let id: u32 = FIRST_MESSAGE_ID.parse().expect("a number");
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        self.post(path, &headers, &call)
    }

    /// The header of a new session.
    fn session(self, address: SocketAddr, path: &str) -> String {
        let params = json!({
            "protocolVersion": self.revision,
            "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1" },
        });
        let initialize =
            json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let response = send_once(address, &self.post(path, &[], &initialize));
        let id = response.lines().find(|figure| figure.starts_with("mcp-session-id: "));
        id.expect("a session").to_owned()
    }

    fn post(self, path: &str, headers: &[String], message: &Value) -> String {
        let message = message.to_string();
        let mut head = vec![
            format!("POST {path} HTTP/1.1"),
            "host: 127.0.0.1".to_owned(),
            "accept: application/json, text/event-stream".to_owned(),
            "content-type: application/json".to_owned(),
            format!("content-length: {}", message.len()),
            format!("authorization: Bearer {TOKEN}"),
            format!("mcp-protocol-version: {}", self.revision),
        ];
        head.extend_from_slice(headers);
        format!("{}\r\n\r\n{message}", head.join("\r\n"))
    }
}

/// The argument of the tool, and its result.
const TEXT: &str = "what the journal says";

#[derive(Debug, Deserialize, JsonSchema)]
struct Text {
    text: String,
}

#[derive(Debug, Clone)]
struct Guarded;

#[tool_router]
impl Guarded {
    /// Say something
    #[requires_auth(scopes = "entries:read entries:write")]
    #[tool]
    async fn say(&self, Parameters(Text { text }): Parameters<Text>) -> String {
        text
    }
}

#[tool_handler]
impl ServerHandler for Guarded {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

#[derive(Debug, Clone)]
struct Unguarded;

#[tool_router]
impl Unguarded {
    /// Say something
    #[tool]
    async fn say(&self, Parameters(Text { text }): Parameters<Text>) -> String {
        text
    }
}

#[tool_handler]
impl ServerHandler for Unguarded {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}
