//! Guards functions of any framework.
//!
#![doc = include_str!("../docs/frameworks.md")]
