//! Guarded tools, prompts and resources of an MCP server behind a real socket, in every revision and mode that
//! clients use.

mod argument_scopes;
mod calls;
mod conditions;
mod conformance_dpop;
mod conformance_scope_challenges;
mod event_stream_resumption;
mod foreign_layers;
mod handled_rejections;
mod lists;
mod load;
mod messages;
mod policies;
mod requested_scopes;
mod resource_scopes;
mod resources;
mod sessions;
mod single_resolution;
mod stale_claims;
mod stdio;
mod tasks;
pub mod test_server;
mod token_requirements;
mod tool_router;
mod typed_scopes;
mod undeclared_tools;
