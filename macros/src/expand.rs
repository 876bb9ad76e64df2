//! The pipeline: parse, check, emit.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use crate::diagnostics::Diagnostics;
use crate::impl_defaults::ImplDefault;
use crate::lower::guard_argument;
use crate::parse::arguments::Arguments;
use crate::parse::function::Function;
use crate::parse::impl_block::ImplBlock;
use crate::rmcp::{Features, server_handler_context};
use crate::validate;
use crate::{impl_defaults, private};

/// The guarded item, or every mistake at once beside the item, so that neither the compiler nor the
/// editor loses sight of it.
pub(crate) fn expand(features: Features, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut written = item.clone();
    let expanded = Diagnostics::collect(|diagnostics| match ImplBlock::parse(item.clone()) {
        Some(Ok(block)) => {
            Some(expand_block(features, &arguments, block, &mut written, diagnostics))
        }
        Some(Err(error)) => {
            diagnostics.push(error);
            None
        }
        None => expand_function(features, arguments, item, &mut written, diagnostics),
    });
    match expanded {
        Ok(guarded) => guarded,
        Err(errors) => {
            let errors = errors.iter().map(syn::Error::to_compile_error);
            quote! { #written #(#errors)* }
        }
    }
}

/// With errors, it is guarded as far as it is understood, so that a framework takes it and nothing
/// else is reported where it is routed, registered or called (R-K9).
fn expand_function(
    features: Features,
    arguments: TokenStream,
    item: TokenStream,
    written: &mut TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let mut arguments = Arguments::parse(arguments, diagnostics);
    let function = Function::parse(item, diagnostics)?;
    *written = function.clone().without_auth_and_const().into_token_stream();
    let before = diagnostics.count();
    let mut findings = validate::function::check(&function, &mut arguments, diagnostics);
    findings.fixed |= features.check(&function, diagnostics);
    let sound = diagnostics.count() == before;
    if sound {
        let guarded = guard_argument::emit(function, &arguments, findings.injection, features);
        written.clone_from(&guarded);
        return Some(guarded);
    }
    if server_handler_context(&function).is_some() {
        let caller: Vec<usize> = findings.injection.into_iter().collect();
        *written = guard_argument::replace_arguments(function, &caller).0.into_token_stream();
    } else if !findings.fixed {
        *written = guard_argument::emit_beside_errors(function, &arguments, &findings, features);
    }
    None
}

/// The tools and prompts in an `impl` block are not guarded here: they get an attribute of their
/// own, which does that.
fn expand_block(
    features: Features,
    arguments: &TokenStream,
    mut block: ImplBlock,
    written: &mut TokenStream,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let parsed = Arguments::parse(arguments.clone(), diagnostics);
    let private = private::path(parsed.krate.as_ref(), Span::call_site());
    let unmarked = if parsed.has_errors {
        ImplDefault::Unknown
    } else if parsed.scopes.is_some() || parsed.optional.is_some() {
        let attribute = syn::parse_quote!(#[#private::requires_auth(#arguments)]);
        ImplDefault::Guard(Box::new(attribute))
    } else {
        ImplDefault::RequireMark
    };
    impl_defaults::apply(&unmarked, &mut block, features, &private, diagnostics);
    *written = block.to_token_stream();
    block.into_token_stream()
}

#[cfg(test)]
mod tests;
