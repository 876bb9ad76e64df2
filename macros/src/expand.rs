//! The pipeline: parse, check, emit.

use proc_macro2::TokenStream;
use quote::quote;

use crate::arguments::Arguments;
use crate::function::Function;
use crate::neighbours::Neighbours;
use crate::problems::Problems;
use crate::{guard, signature};

/// The guarded function, or every mistake at once beside the function, so that neither the compiler
/// nor the editor loses sight of it: guarded as far as it is understood if only the attribute is
/// wrong, because a framework may not take its arguments in the order in which they are written.
pub(crate) fn expand(
    neighbours: Neighbours,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let mut written = item.clone();
    let expanded = Problems::collect(|problems| {
        let mut arguments = Arguments::parse(arguments, problems);
        let function = Function::parse(item, problems)?;
        written = function.without_cascades();
        let before = problems.count();
        let injection = signature::check(&function, &mut arguments, problems);
        neighbours.check(&function, problems);
        let sound = problems.count() == before;
        let guarded = guard::emit(function, &arguments, injection, neighbours);
        if sound {
            written = guarded.clone();
        }
        Some(guarded)
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
