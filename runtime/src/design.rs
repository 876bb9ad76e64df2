//! Why the crate is made as it is, and which alternatives were not taken.
//!
#![doc = include_str!("../docs/design.md")]
