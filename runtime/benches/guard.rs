//! The cost of the guard for a cached token.
//!
//! `cargo bench -p requires-auth --bench guard` runs all parts, and `-- in_process`, `-- steps`, `-- throughput`,
//! `-- two_threads` or `-- typed_scopes` behind it runs one. The benchmark fails if a budget is exceeded.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod cached_token;
mod fixture;

use std::process::ExitCode;

use bench_support::report::Report;
use cached_token::{in_process, steps, throughput, two_threads, typed_scopes};

fn main() -> ExitCode {
    let selected: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let mut report = Report::default();
    for (name, part) in [
        ("in_process", in_process::run as fn(&mut Report)),
        ("steps", steps::run),
        ("throughput", throughput::run),
        ("two_threads", two_threads::run),
        ("typed_scopes", typed_scopes::run),
    ] {
        if selected.is_empty() || selected.iter().any(|one| one == name) {
            part(&mut report);
        }
    }
    report.exit()
}
