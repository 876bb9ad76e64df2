//! Stage 2: checks an item, and plans how it is emitted.
//!
//! The checks never change the item or the arguments. What the plan says beside errors is a named
//! fallback.

mod caller_argument;
mod caller_type;
pub(crate) mod details;
mod function;
mod guardable;
mod handler_group;
mod impl_block;
mod no_caller_argument;
mod pattern;
mod permits;
mod request_arguments;
mod rmcp;
mod scope_enum;
mod scopes_from;

pub(crate) use function::{FunctionPlan, validate_function};
pub(crate) use impl_block::{BlockPlan, DeclaredKinds, ItemPlan, validate_block};
pub(crate) use request_arguments::RequestSource;
pub(crate) use scope_enum::{Vocabulary, validate_scope_enum};
pub(crate) use scopes_from::ScopesFromPlan;
