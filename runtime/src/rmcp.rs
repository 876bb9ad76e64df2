//! Guards for MCP servers on rmcp, the official Rust SDK.
//!
#![doc = include_str!("../docs/mcp.md")]

mod body_timeout;
mod builder;
mod catalogue;
mod envelope;
mod environment;
mod error;
mod event_ids;
mod event_stream;
mod extract;
mod guarded;
mod identity;
mod layer;
mod operation;
pub(crate) mod order;
mod refused;
mod requirement;
mod service;
mod session;
mod setup;
mod source;
mod stream_guard;
mod tasks;
mod uri_template;

pub use body_timeout::TimedBody;
pub use builder::{Mcp, McpBuilder};
pub use environment::StdioError;
pub use event_stream::EventStream;
pub use guarded::Guarded;
pub(crate) use identity::Answer;
pub use identity::authorize;
pub use layer::{Answered, Forwarded, McpFuture, McpGuard, McpLayer};
pub use requirement::{META_KEY, declared, declared_both, meta};
pub use service::SharedService;
