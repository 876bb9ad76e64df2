//! What other projects for resource servers and MCP servers do, and when to use one of them.
//!
#![doc = include_str!("../docs/compare.md")]
