//! The pipeline: parse, check, emit.

use proc_macro2::TokenStream;
use quote::quote;

use crate::arguments::Arguments;
use crate::function::Function;
use crate::problems::Problems;
use crate::{guard, signature};

/// The guarded function, or every mistake at once beside the function as it was written, so that
/// neither the compiler nor the editor loses sight of it.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut written = item.clone();
    let expanded = Problems::collect(|problems| {
        let arguments = Arguments::parse(arguments, problems);
        let function = Function::parse(item, problems)?;
        written = function.without_cascades();
        let injection = signature::check(&function, arguments.optional.is_some(), problems);
        Some(guard::emit(function, &arguments, injection))
    });
    match expanded {
        Ok(guarded) => guarded,
        Err(mistakes) => {
            let errors = mistakes.iter().map(syn::Error::to_compile_error);
            quote! { #written #(#errors)* }
        }
    }
}

#[cfg(test)]
mod tests;
