//! What the benchmarks share: a runner that compares, and a caller as servers meet them.

#![allow(dead_code, reason = "each benchmark uses its part of it")]

pub mod caller;
pub mod contest;
pub mod table;
pub mod wire;
