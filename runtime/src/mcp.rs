//! Protects MCP servers on rmcp, the official Rust SDK.
//!
#![doc = include_str!("../docs/mcp.md")]

mod argument_scopes;
pub(crate) mod attribute_order;
mod authenticated_id;
mod authenticated_request;
mod authorize;
mod body;
mod builder;
mod challenge_result;
mod declared_policy;
mod event_ids;
mod extract;
mod factory;
mod handler;
mod jsonrpc;
mod layer;
mod layer_error;
#[cfg(feature = "manifest")]
mod manifest;
mod meta;
mod operation;
mod policy_table;
mod principal;
mod registry;
mod rejection_candidates;
mod rejection_error;
mod resource_scopes;
mod scopes_from;
mod sdk_service;
mod security_schemes;
mod server;
mod service;
mod state;
mod stdio;
mod stream_guard;
mod stream_requirement;
mod task_owners;
mod uri_template;
mod uri_variables;

pub use authorize::authorize;
pub use body::{RequestBody, ResponseBody};
pub use builder::McpBuilder;
pub use challenge_result::challenge_result;
pub use declared_policy::META_KEY;
pub use handler::McpHandler;
pub use layer::McpLayer;
#[doc(hidden)]
pub use meta::{declared, declared_both, meta};
#[doc(hidden)]
pub use scopes_from::{ScopesFrom, parse_arguments};
#[doc(hidden)]
pub use sdk_service::SharedService;
pub use security_schemes::SECURITY_SCHEMES_KEY;
pub use server::Mcp;
pub use service::{McpFuture, McpService};
pub use stdio::StdioError;
pub use uri_variables::UriVariables;
