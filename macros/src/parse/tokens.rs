//! Helpers for token streams.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Lit, LitStr};

use crate::diagnostics::Diagnostics;

/// The parts between commas, with an error for each that is empty. A comma may follow the last
/// part.
pub(super) fn split_at_commas(tokens: TokenStream) -> (Vec<TokenStream>, Diagnostics) {
    let mut errors = Diagnostics::default();
    let mut parts = Vec::new();
    let mut part = TokenStream::new();
    for tree in tokens {
        match tree {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                if part.is_empty() {
                    errors.error(comma, "unexpected `,`", "remove it");
                } else {
                    parts.push(std::mem::take(&mut part));
                }
            }
            tree => part.extend([tree]),
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    (parts, errors)
}

/// The string literal, if the tokens are one.
pub(super) fn string_literal(tokens: &TokenStream) -> Option<LitStr> {
    match syn::parse2(tokens.clone()) {
        Ok(Lit::Str(text)) if text.suffix().is_empty() => Some(text),
        _ => None,
    }
}

/// Whether the token is this punctuation character.
pub(super) fn is_punct(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character)
}
