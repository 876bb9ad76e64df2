//! Guards for MCP servers on rmcp, the official Rust SDK.

mod error;
mod extract;
mod identity;
mod requirement;

pub(crate) use identity::Answer;
pub use identity::authorize;
pub use requirement::{META_KEY, meta};
