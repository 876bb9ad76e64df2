//! Parsing: the attribute's arguments, and the item below the attribute.

pub(crate) mod arguments;
pub(crate) mod condition;
pub(crate) mod function;
pub(crate) mod impl_block;
mod suggestion;
