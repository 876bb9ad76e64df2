//! The smallest program: one handler that requires a scope.
//!
//! Set it up for your authorization server, then send a request with a token of that server:
//!
//! ```sh
//! REQUIRES_AUTH_RESOURCE=http://127.0.0.1:3000 \
//! REQUIRES_AUTH_INTROSPECTION_URL=https://auth.example/oauth2/introspect \
//! REQUIRES_AUTH_CLIENT_ID=hello REQUIRES_AUTH_CLIENT_SECRET=… cargo run --example minimal
//! curl -i http://127.0.0.1:3000/hello -H "Authorization: Bearer $TOKEN"
//! ```
//!
//! `cargo run --example authorization-server` prints these variables for a server on this machine, with a page that
//! mints tokens.

use std::error::Error;
use std::process::ExitCode;

use axum::{Router, routing::get};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[requires_auth(scopes = "hello:read")]
async fn hello(auth: AuthInfo) -> String {
    format!("Hello, {}!\n", auth.subject().unwrap_or("machine"))
}

#[tokio::main]
async fn main() -> ExitCode {
    // Shows the rejections that a setting may cause; RUST_LOG=requires_auth=debug shows all.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter.from_env_lossy());
    subscriber.with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("minimal: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let server = ResourceServer::from_env().await?;
    let app = Router::new()
        .route("/hello", get(hello))
        .merge(server.metadata_routes())
        .with_state(server);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
