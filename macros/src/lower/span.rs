//! The spans of emitted tokens, which decide where the compiler shows an error about them.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;

/// The spans of the first and of the last token, with the hygiene of the macro call.
pub(super) fn first_and_last_span(tokens: impl ToTokens) -> (Span, Span) {
    let span = |token: TokenTree| Span::call_site().located_at(token.span());
    let mut spans = tokens.into_token_stream().into_iter().map(span);
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}
