//! The fault-injection tests: a guarded service under continuous load, while its authorization server is
//! stopped, slowed, or sends malformed or changing responses. A table shows the expected and the observed
//! behaviour. A difference fails the run.
//!
//! `cargo test -p requires-auth-tests --test faults` prints it; a word behind `--` runs the rows that
//! contain it. The rows of the shared cache need `redis-server`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod attacks;
mod cache;
mod introspection_requests;
mod load;
mod outages;
mod report;
mod service;
mod shared_cache;

use std::process::ExitCode;

use report::Report;

#[tokio::main]
async fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let mut report = Report::start(filters);
    outages::run(&mut report).await;
    introspection_requests::run(&mut report).await;
    attacks::run(&mut report).await;
    cache::run(&mut report).await;
    shared_cache::run(&mut report).await;
    report.finish()
}
