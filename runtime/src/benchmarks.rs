//! What was measured, and the commands that measure it.
//!
#![doc = include_str!("../docs/benchmarks.md")]
