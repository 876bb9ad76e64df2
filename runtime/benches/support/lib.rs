//! What the benchmarks share: paired runs, HTTP load, a report with budgets, and a token with its claims.
//!
//! The crate does not depend on `requires-auth`, so that it enables none of its features.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    missing_debug_implementations,
    missing_docs,
    reason = "no crate but the benchmarks uses it"
)]

pub mod http_load;
pub mod paired_runs;
pub mod report;
pub mod token;
