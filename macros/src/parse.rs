//! Stage 1: parses the arguments of the attribute, and the item below it.
//!
//! The parser of the arguments is strict. Its errors suggest what to write instead, but a
//! suggestion never becomes a policy.

pub(crate) mod arguments;
pub(crate) mod async_block;
pub(crate) mod async_trait;
pub(crate) mod attribute;
pub(crate) mod block;
pub(crate) mod condition;
pub(crate) mod detail_type;
pub(crate) mod edit_distance;
pub(crate) mod function;
mod help;
pub(crate) mod item;
mod negation;
pub(crate) mod scope_enum;
pub(crate) mod scope_token;
mod suggestion;
pub(crate) mod tokens;
