//! The item below the attribute.

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;
use crate::parse::block::Block;
use crate::parse::function::Function;

/// What the attribute is written on.
pub(crate) enum Item {
    Function(Box<Function>),
    Block(Block),
    /// Another item, or one that does not parse, as it was written.
    Unsupported(TokenStream, Diagnostics),
}

impl Item {
    pub(crate) fn parse(item: TokenStream) -> Self {
        match Block::parse(item.clone()) {
            Some(Ok(block)) => return Self::Block(block),
            Some(Err(error)) => return Self::Unsupported(item, error.into()),
            None => {}
        }
        match Function::parse(item.clone()) {
            Ok(function) => Self::Function(function.into()),
            Err(errors) => Self::Unsupported(item, errors),
        }
    }
}
