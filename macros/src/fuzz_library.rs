//! The root of the library that the fuzzer links: the modules of this crate without its entry points.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "only the fuzzer uses it")]

mod diagnostics;
mod expand;
mod features;
pub mod fuzz;
mod lower;
mod parse;
mod private;
mod validate;
