//! Guards for MCP servers on rmcp, the official Rust SDK.
//!
#![doc = include_str!("../docs/mcp.md")]

pub(crate) mod attribute_order;
mod body_timeout;
mod builder;
mod declared_policy;
mod event_ids;
mod event_stream;
mod extract;
mod factory;
mod handler;
mod jsonrpc;
mod layer;
mod operation;
mod registry;
mod rejection_error;
mod request_context;
mod response;
mod service;
mod session;
mod state;
mod stdio;
mod stream_guard;
mod tasks;
mod uri_template;

pub use body_timeout::TimedBody;
pub use builder::{Mcp, McpBuilder};
pub use declared_policy::{META_KEY, declared, declared_both, meta};
pub use event_stream::EventStream;
pub use handler::Guarded;
pub use layer::{Answered, Forwarded, McpFuture, McpGuard, McpLayer};
pub(crate) use request_context::Answer;
pub use request_context::authorize;
pub use service::SharedService;
pub use stdio::StdioError;
