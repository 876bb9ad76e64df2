//! The spans of emitted tokens, which decide where the compiler shows an error about them.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Path, Type};

/// The spans of the first and of the last token, with the hygiene of the macro call.
pub(super) fn first_and_last_span(tokens: impl ToTokens) -> (Span, Span) {
    let span = |token: TokenTree| Span::call_site().located_at(token.span());
    let mut spans = tokens.into_token_stream().into_iter().map(span);
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// The path of a type, with empty generics if it is a name alone. To a name alone that does not exist in a signature,
/// the compiler adds "you might be missing a type parameter", and reports it a second time, without that, where the
/// same path is in an item of the body.
// Input:  JournalScope
// Output: JournalScope<>
pub(super) fn type_path(path: &Path) -> TokenStream {
    match path.get_ident() {
        Some(name) if name != "Self" => {
            let span = name.span();
            quote_spanned!(span=> #name<>)
        }
        _ => path.to_token_stream(),
    }
}

/// The same for the type, if it is a path.
pub(super) fn named_type(ty: &Type) -> TokenStream {
    match ty {
        Type::Path(path) if path.qself.is_none() => type_path(&path.path),
        other => other.to_token_stream(),
    }
}

/// The same for the path of a constant.
// Input:  HOUR
// Output: HOUR::<>
pub(super) fn constant_path(path: &Path) -> TokenStream {
    match path.get_ident() {
        Some(name) => {
            let span = name.span();
            quote_spanned!(span=> #name::<>)
        }
        None => path.to_token_stream(),
    }
}
