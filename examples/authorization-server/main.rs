//! An authorization server for trying an application out: the one of `requires_auth::testing`, with a page in the browser.
//!
//! ```sh
//! cargo run --example authorization-server
//! ```
//!
//! It prints the environment variables to paste for an application that calls `ResourceServer::from_env`, such as
//! `cargo run --example minimal`, and the address of the page. The page
//!
//! - mints access tokens, opaque ones and JWTs, with a subject, a client, scopes, an audience and a lifetime,
//! - copies a token, or a `curl` command that sends it to the application,
//! - lists the tokens that the server has issued, with their status, and revokes them,
//! - switches faults on and off, and stops the server.
//!
//! What the page does is also an HTTP API: `api.rs` describes it, with a command for a script.
//!
//! **For tests and demonstrations only.** Whoever can connect to it gets a token, so both listen on loopback addresses. The
//! page is at another port than the server, so that it can be used while the server is stopped.

mod api;
mod browser_guard;
mod console;
mod faults;
mod mint;
mod page;
mod settings;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use tokio::net::TcpListener;

use console::Console;
use settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("authorization-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), Box<dyn Error>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.page_port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another port with --page-port")
    })?;
    let address = listener.local_addr()?;
    let console = Arc::new(Console::start(settings).await?);

    println!("listening on {}", console.issuer());
    print!("{}", console.introduction(address));
    let app = api::router(Arc::clone(&console)).merge(page::router());
    let app = browser_guard::guarded(app, address.port());
    let serving = axum::serve(listener, app).with_graceful_shutdown(shutdown()).into_future();
    // After the first signal, open requests can finish. The second signal ends them.
    let second_signal = async {
        shutdown().await;
        shutdown().await;
    };
    tokio::select! {
        ended = serving => ended?,
        () = second_signal => {}
    }
    Ok(())
}

/// Waits for Ctrl-C or, on Unix, for SIGTERM.
async fn shutdown() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
