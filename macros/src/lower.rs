//! Stage 3: makes the tokens that are emitted.
//!
//! The comments `// Input:` and `// Output:` show them in plain Rust, without the paths of the
//! hidden module.

mod evaluation;
mod fallback;
mod function;
mod guard_argument;
mod impl_block;
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

pub(crate) use function::lower_function;
pub(crate) use impl_block::lower_impl_block;
pub(crate) use scope_derive::lower_scope_enum;
