//! The program of the journal; see `lib.rs`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    journal::main().await
}
