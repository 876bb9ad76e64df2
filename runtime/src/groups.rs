//! Guards the handlers of a module together.
//!
#![doc = include_str!("../docs/groups.md")]
