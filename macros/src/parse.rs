//! Parsing: the attribute's arguments, and the item below the attribute.

pub(crate) mod arguments;
pub(crate) mod attribute;
pub(crate) mod condition;
pub(crate) mod function;
mod help;
pub(crate) mod impl_block;
pub(crate) mod scope_token;
mod suggestion;
mod tokens;
