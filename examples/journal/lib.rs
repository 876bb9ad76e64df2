//! A journal with users, entries and tags: the example that the documentation of requires-auth uses.
//!
//! `cargo run --example journal` starts it with an authorization server of its own, and prints commands to paste and
//! a link for signing in with a browser. A page at `/` uses the journal from a browser: it shows each rejection in words, and
//! requests further scopes after a 403.
//!
//! `--help` lists the flags for a real authorization server. Most servers need one or two of them:
//! `--accept-audience` if tokens name another audience, `--scope-claim` if the scopes are in another member,
//! `--client-authentication` or `--bearer-token` for another method of client authentication, `--trust-anchors` if
//! the server's certificate is of an authority of your own.
//!
//! `journal proof` makes a DPoP proof, for a token that is bound to a key.
//!
//! It is a library, so that the test in `manifest.rs` links the same functions as the program in `main.rs`.

#![allow(unreachable_pub, reason = "only the program and the tests of this package use it")]

mod demo;
mod flags;
mod manifest;
mod mcp;
mod page;
mod proof;
mod rest;
mod scopes;
mod settings;
mod setup;
mod sign_in;
mod store;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use demo::Demo;
use rest::App;
use settings::{Command, Settings};
use store::Store;

/// Runs the program with the arguments and the environment of the process.
pub async fn main() -> ExitCode {
    let settings = Settings::read();
    if let Some(Command::Proof(proof)) = &settings.command {
        return match proof.run() {
            Ok(line) => {
                println!("{line}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("journal: {error}");
                ExitCode::FAILURE
            }
        };
    }
    if let Err(problem) = settings.check() {
        <Settings as clap::CommandFactory>::command()
            .error(ErrorKind::ArgumentConflict, problem)
            .exit();
    }
    // Shows the rejections that a setting may cause; RUST_LOG=requires_auth=debug shows all.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter.from_env_lossy());
    subscriber.with_writer(flags::Log).init();
    // The TLS connection to a shared cache uses the default crypto provider of the process.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("journal: {}", flags::with_flags(&with_causes(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

async fn run(mut settings: Settings) -> Result<(), Box<dyn Error>> {
    if let Some(format) = settings.manifest {
        print!("{}", manifest::formatted(&manifest::manifest()?, format));
        return Ok(());
    }
    let listener = bind(settings.listen, "--listen").await?;
    let address = listener.local_addr()?;
    let resource = settings.resource.clone().unwrap_or_else(|| format!("http://{address}/mcp"));
    // Kept until the end: dropping it stops the authorization server of the demo.
    let demo = if settings.is_demo() {
        Some(Demo::start(&mut settings, address, &resource).await?)
    } else {
        None
    };
    let server = setup::resource_server(&settings, &resource).await?;
    let store = Arc::new(Store::default());
    let mcp = mcp::server(&server, Arc::clone(&store))?;
    // Responses to a proof whose nonce ends soon provide the next one.
    let nonces = server.dpop_nonce_layer();
    let mut app = rest::router(App { server, store }).layer(nonces).merge(mcp::router(&mcp));

    println!("listening on http://{address}");
    if let Some(demo) = &demo {
        print!("{}", demo.commands(address));
        app = app.merge(demo.routes());
    }
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

/// Listens on an address. The error names the flag for another address.
async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, Box<dyn Error>> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another address with {flag}, such as {flag} 127.0.0.1:0").into()
    })
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

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
