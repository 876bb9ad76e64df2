//! The pipeline: parse, validate, lower.

use proc_macro2::TokenStream;
use quote::quote;

use crate::features::Features;
use crate::lower::{lower_block, lower_detail_type, lower_function, lower_scope_enum};
use crate::parse::arguments::Arguments;
use crate::parse::detail_type::DetailType;
use crate::parse::item::Item;
use crate::parse::scope_enum::ScopeEnum;
use crate::validate::{validate_block, validate_function, validate_scope_enum};

/// Expands the attribute. With errors, the item is emitted all the same, beside a `compile_error!`
/// for each, so that the compiler reports nothing else about it.
pub(crate) fn expand(features: Features, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, argument_errors) = Arguments::parse(arguments);
    let (emitted, item_errors) = match Item::parse(item) {
        Item::Function(function) => {
            let (plan, errors) = validate_function(&function, &arguments, features);
            (lower_function(*function, &arguments, plan, features), errors)
        }
        Item::Block(block) => {
            let (plan, errors) = validate_block(&block, &arguments, features);
            (lower_block(block, &arguments, &plan, features), errors)
        }
        Item::Unsupported(item, errors) => (item, errors),
    };
    quote!(#emitted #argument_errors #item_errors)
}

/// Expands the derive macro. With errors, the trait is implemented all the same, so that the compiler
/// reports nothing else about the enum.
pub(crate) fn expand_scope_enum(item: TokenStream) -> TokenStream {
    let (parsed, errors) = ScopeEnum::parse(item);
    let Some(parsed) = parsed else { return quote!(#errors) };
    let (vocabulary, vocabulary_errors) = validate_scope_enum(&parsed);
    let emitted = lower_scope_enum(&parsed, &vocabulary);
    quote!(#emitted #errors #vocabulary_errors)
}

/// The same for the derive macro of authorization details.
pub(crate) fn expand_detail_type(item: TokenStream) -> TokenStream {
    let (parsed, errors) = DetailType::parse(item);
    let emitted = parsed.as_ref().map(lower_detail_type);
    quote!(#emitted #errors)
}

#[cfg(test)]
mod tests;
