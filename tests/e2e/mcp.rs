//! End to end: guarded tools, prompts and resources of an MCP server behind a real socket, in every
//! revision and mode that clients speak.

mod calls;
mod desk;
mod handled_rejections;
mod layers;
mod lists;
mod load;
mod messages;
mod once;
mod policies;
mod resources;
mod resuming;
mod router;
mod sessions;
mod stdio;
mod tasks;
mod undeclared;
