//! The pipeline: parse, validate, lower.

use proc_macro2::TokenStream;
use quote::quote;

use crate::features::Features;
use crate::lower::{lower_function, lower_impl_block};
use crate::parse::arguments::Arguments;
use crate::parse::item::Item;
use crate::validate::{validate_function, validate_impl_block};

/// Expands the attribute. With errors, the item is emitted all the same, beside a `compile_error!`
/// for each, so that the compiler reports nothing else about it.
pub(crate) fn expand(features: Features, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, argument_errors) = Arguments::parse(arguments);
    let (emitted, item_errors) = match Item::parse(item) {
        Item::Function(function) => {
            let (plan, errors) = validate_function(&function, &arguments, features);
            (lower_function(*function, &arguments, plan, features), errors)
        }
        Item::ImplBlock(block) => {
            let (plan, errors) = validate_impl_block(&block, &arguments, features);
            (lower_impl_block(block, &arguments, &plan, features), errors)
        }
        Item::Unsupported(item, errors) => (item, errors),
    };
    quote!(#emitted #argument_errors #item_errors)
}

#[cfg(test)]
mod tests;
