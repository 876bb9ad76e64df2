//! The pipeline: parse, check, emit.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use crate::arguments::Arguments;
use crate::function::Function;
use crate::impl_block::ImplBlock;
use crate::marks::Unmarked;
use crate::neighbours::{Neighbours, context_of_a_handler};
use crate::problems::Problems;
use crate::{guard, marks, paths, signature};

/// The guarded item, or every mistake at once beside the item, so that neither the compiler nor the
/// editor loses sight of it.
pub(crate) fn expand(
    neighbours: Neighbours,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let mut written = item.clone();
    let expanded = Problems::collect(|problems| match ImplBlock::parse(item.clone()) {
        Some(Ok(block)) => {
            Some(expand_block(neighbours, &arguments, block, &mut written, problems))
        }
        Some(Err(error)) => {
            problems.add_parser_error(error);
            None
        }
        None => expand_function(neighbours, arguments, item, &mut written, problems),
    });
    match expanded {
        Ok(guarded) => guarded,
        Err(mistakes) => {
            let errors = mistakes.iter().map(syn::Error::to_compile_error);
            quote! { #written #(#errors)* }
        }
    }
}

/// With mistakes, it is guarded as far as it is understood, so that a framework takes it and nothing
/// else is reported where it is routed, registered or called (R-K9).
fn expand_function(
    neighbours: Neighbours,
    arguments: TokenStream,
    item: TokenStream,
    written: &mut TokenStream,
    problems: &mut Problems,
) -> Option<TokenStream> {
    let mut arguments = Arguments::parse(arguments, problems);
    let function = Function::parse(item, problems)?;
    *written = function.clone().without_cascades().into_token_stream();
    let before = problems.count();
    let mut findings = signature::check(&function, &mut arguments, problems);
    findings.fixed |= neighbours.check(&function, problems);
    let sound = problems.count() == before;
    if sound {
        let guarded = guard::emit(function, &arguments, findings.injection, neighbours);
        written.clone_from(&guarded);
        return Some(guarded);
    }
    if context_of_a_handler(&function).is_some() {
        let caller: Vec<usize> = findings.injection.into_iter().collect();
        *written = guard::set_aside(function, &caller).0.into_token_stream();
    } else if !findings.fixed {
        *written = guard::emit_beside_errors(function, &arguments, &findings, neighbours);
    }
    None
}

/// The tools and prompts in an `impl` block are not guarded here: they get an attribute of their
/// own, which does that.
fn expand_block(
    neighbours: Neighbours,
    arguments: &TokenStream,
    mut block: ImplBlock,
    written: &mut TokenStream,
    problems: &mut Problems,
) -> TokenStream {
    let parsed = Arguments::parse(arguments.clone(), problems);
    let private = paths::private(parsed.krate.as_ref(), Span::call_site());
    let unmarked = if parsed.doubtful {
        Unmarked::Doubtful
    } else if parsed.scopes.is_some() || parsed.optional.is_some() {
        let attribute = syn::parse_quote!(#[#private::requires_auth(#arguments)]);
        Unmarked::Guard(Box::new(attribute))
    } else {
        Unmarked::Demand
    };
    marks::spread(&unmarked, &mut block, neighbours, &private, problems);
    *written = block.to_token_stream();
    block.into_token_stream()
}

#[cfg(test)]
mod tests;
