//! The smallest guarded MCP server: one tool that requires a scope, over HTTP or on stdio.
//!
//! Set it up for your authorization server, then connect an MCP client to it:
//!
//! ```sh
//! REQUIRES_AUTH_RESOURCE=http://127.0.0.1:3000/mcp \
//! REQUIRES_AUTH_ISSUER=https://auth.example \
//! REQUIRES_AUTH_CLIENT_ID=hello REQUIRES_AUTH_CLIENT_SECRET=… cargo run --example mcp
//! ```
//!
//! With `-- --stdio` it uses standard input and output, and the caller is the subject of the access token in the
//! variable `HELLO_TOKEN`.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use requires_auth::mcp::Mcp;
use requires_auth::{AuthInfo, ResourceServer, requires_auth};
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::{ServiceExt, tool, tool_router};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

struct Hello;

#[tool_router(server_handler)]
impl Hello {
    /// Greet the caller
    #[requires_auth(scopes = "hello:read")]
    #[tool]
    async fn hello(&self, auth: AuthInfo) -> String {
        format!("Hello, {}!", auth.subject().unwrap_or("machine"))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Shows the rejections that a setting may cause; RUST_LOG=requires_auth=debug shows all.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter.from_env_lossy());
    subscriber.with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mcp: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let server = ResourceServer::from_env().await?;
    let mcp = Mcp::builder(&server, || Ok(Hello)).tool_router(Hello::tool_router()).build()?;
    if std::env::args().any(|argument| argument == "--stdio") {
        let running = mcp.stdio("HELLO_TOKEN").await?.serve(rmcp::transport::stdio()).await?;
        running.waiting().await?;
        return Ok(());
    }
    let sessions = Arc::new(LocalSessionManager::default());
    let app: axum::Router = mcp.routes(sessions, StreamableHttpServerConfig::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}/mcp", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
