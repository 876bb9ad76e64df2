//! Stage 3: makes the tokens that are emitted.
//!
//! The comments `// Input:` and `// Output:` show them in plain Rust, without the paths of the
//! hidden module.

mod block;
mod detail_derive;
mod details;
mod evaluation;
mod fallback;
mod function;
mod guard_argument;
mod manifest;
mod openapi;
mod permits;
mod policy_type;
mod prologue;
mod request_guard;
mod returned;
mod rmcp_meta;
mod scope_derive;
mod scopes_from;
mod shared_caller;
mod span;
mod when;

pub(crate) use block::lower_block;
pub(crate) use detail_derive::lower_detail_type;
pub(crate) use function::lower_function;
pub(crate) use scope_derive::lower_scope_enum;
