//! Helpers for token streams.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
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

/// The tokens without the invisible groups around what a macro has captured, for comparisons and texts.
pub(crate) fn without_captures(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|tree| match tree {
            TokenTree::Group(group) => {
                let inner = without_captures(group.stream());
                match group.delimiter() {
                    Delimiter::None => inner,
                    delimiter => TokenTree::from(Group::new(delimiter, inner)).into(),
                }
            }
            tree => tree.into(),
        })
        .collect()
}

/// The string literal, if the tokens are one.
pub(super) fn string_literal(tokens: &TokenStream) -> Option<LitStr> {
    match syn::parse2(tokens.clone()) {
        Ok(Lit::Str(text)) if text.suffix().is_empty() => Some(text),
        _ => None,
    }
}

/// The text of the tokens, for help texts. A path, a field or a reference to one is without spaces.
pub(super) fn compact(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ' ');
    let reference = text.strip_prefix("& ").or_else(|| text.strip_prefix('&')).unwrap_or(&text);
    let is_short = reference.chars().all(|letter| is_name(letter) || matches!(letter, ':' | '.'));
    let joins_words = reference.split(' ').collect::<Vec<_>>().windows(2).any(|pair| match pair {
        [one, next] => one.ends_with(is_name) && next.starts_with(is_name),
        _ => false,
    });
    if is_short && !joins_words { text.replace(' ', "") } else { text }
}

/// Whether the token is this punctuation character.
pub(super) fn is_punct(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_help_text_are_written_without_spaces() {
        // R-K9
        for (tokens, expected) in [
            ("&self.server", "&self.server"),
            ("app::server", "app::server"),
            ("&mut parts", "& mut parts"),
            ("a > 3 && b", "a > 3 && b"),
        ] {
            assert_eq!(compact(&tokens.parse().unwrap()), expected);
        }
    }
}
