//! A tool call through a real socket, with the guard and its layer and without: what they add.
//!
//! `cargo bench -p requires-auth --features rmcp --bench mcp`; behind it, a part of a
//! mode's name to run that alone. It fails if a budget is missed.
//!
//! The server without them is as `#[tool_handler]` writes it, and gets the same requests, with the
//! token. The guarded one is set up as the documentation says, with `tool_router`, so that the router of
//! its tools is no longer made anew at each call. What it takes with `declare_tools`, for a handler with a
//! `call_tool` of its own, is shown beside it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod support;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
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
use support::caller::{TOKEN, server};
use support::contest::{Contender, compare};
use support::table::{Table, line, percent, title, us};
use support::wire::{Clients, FIRST_ID, answer_to, serve};

const ROUNDS: usize = 150;
const CALLS: u32 = 400;
const CONNECTIONS: u32 = 8;

fn main() -> ExitCode {
    let mut table = Table::default();
    let modes = [
        Mode { revision: "2026-07-28", sessions: false, json: true },
        Mode { revision: "2025-11-25", sessions: false, json: true },
        Mode { revision: "2025-11-25", sessions: true, json: false },
    ];
    let named: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for mode in modes {
        let name = mode.name();
        if named.is_empty() || named.iter().any(|part| name.contains(part)) {
            run(mode, &mut table);
        }
    }
    table.exit()
}

fn run(mode: Mode, table: &mut Table) {
    let sessions = || Arc::new(LocalSessionManager::default());
    let guarded = |settings: fn(McpBuilder<Guarded>) -> McpBuilder<Guarded>| {
        let mcp = settings(Mcp::builder(&server(), || Ok(Guarded))).build();
        mcp.expect("the settings are right").service(sessions(), mode.config())
    };
    let without = StreamableHttpService::new(|| Ok(Bare), sessions(), mode.config());
    // One thread and one heap for all. The paths have one length.
    let app = Router::new()
        .route_service("/without", without)
        .route_service("/guarded", guarded(|mcp| mcp.declare_tools(&Guarded::tool_router())))
        .route_service("/routing", guarded(|mcp| mcp.tool_router(Guarded::tool_router())));
    let address = serve(app);
    let clients = |path| Clients::new(address, CONNECTIONS, || mode.call(address, path), SAID);
    let mut without = clients("/without");
    let (mut guarded, mut routing) = (clients("/guarded"), clients("/routing"));
    let mut contenders = [
        Contender::new("without", |calls| without.ask(calls)),
        Contender::new("with `declare_tools`", |calls| guarded.ask(calls)),
        Contender::new("with `tool_router`", |calls| routing.ask(calls)),
    ];
    let rounds = compare(&mut contenders, ROUNDS, CALLS);
    title(&format!("A tool call, {}", mode.name()));
    for (place, contender) in contenders.iter().enumerate() {
        line(contender.name, us(rounds.median(place)));
    }
    let added = |place| rounds.ratio(place, 0) - 1.0;
    line("the layer and the guard add, with `declare_tools`", percent(added(1)));
    let name = "the layer and the guard add";
    table.judge(name, percent(added(2)), "5 %", added(2) <= 0.05);
}

/// A revision, and how the server answers it.
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
        let mut params = json!({ "name": "say", "arguments": { "text": SAID } });
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
            answer_to(address, &self.post(path, std::slice::from_ref(&id), &initialized));
            headers.push(id);
        }
        let id: u32 = FIRST_ID.parse().expect("a number");
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
        let answer = answer_to(address, &self.post(path, &[], &initialize));
        let id = answer.lines().find(|line| line.starts_with("mcp-session-id: "));
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

/// What the tool is asked to say.
const SAID: &str = "what the journal says";

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
struct Bare;

#[tool_router]
impl Bare {
    /// Say something
    #[tool]
    async fn say(&self, Parameters(Text { text }): Parameters<Text>) -> String {
        text
    }
}

#[tool_handler]
impl ServerHandler for Bare {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}
