//! What the guard costs when the token is known: alone, in parts, and of a server's throughput.
//!
//! `cargo bench -p requires-auth --bench guard`; name a part (`process`, `parts`, `socket`) to run
//! it alone. It fails if a budget is missed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod parts;
mod process;
mod socket;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;

use support::table::Table;

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let mut table = Table::default();
    for (name, part) in [
        ("process", process::run as fn(&mut Table)),
        ("parts", parts::run),
        ("socket", socket::run),
    ] {
        if named.is_empty() || named.iter().any(|one| one == name) {
            part(&mut table);
        }
    }
    table.exit()
}
