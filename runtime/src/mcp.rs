//! Guards for MCP servers on rmcp, the official Rust SDK.
//!
#![doc = include_str!("../docs/mcp.md")]

pub(crate) mod attribute_order;
mod authenticated_id;
mod authenticated_request;
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
mod layer_error;
mod operation;
mod registry;
mod rejection_error;
mod sdk_service;
mod state;
mod stdio;
mod stream_guard;
mod task_owners;
mod uri_template;

pub(crate) use authenticated_request::Answer;
pub use authenticated_request::authorize;
pub use body_timeout::TimedBody;
pub use builder::{Mcp, McpBuilder};
pub use declared_policy::{META_KEY, declared, declared_both, meta};
pub use event_stream::EventStream;
pub use handler::McpHandler;
pub use layer::{McpFuture, McpLayer, McpService, RequestBody, ResponseBody};
pub use sdk_service::SharedService;
pub use stdio::StdioError;
