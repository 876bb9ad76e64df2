//! Scopes that are written as variants of an enum with `#[derive(Scope)]`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Path;
use syn::ext::IdentExt;
use syn::parse::Parser;

use crate::diagnostics::Diagnostics;
use crate::parse::help::WRITE_A_LITERAL_OR_A_VARIANT;

/// A variant of a vocabulary, such as `JournalScope::EntriesRead`. The compiler resolves it.
pub(crate) struct TypedScope {
    pub(crate) vocabulary: Path,
    pub(crate) variant: Path,
}

impl TypedScope {
    /// The typed scope, if the tokens are a path of at least two segments, without generics.
    pub(super) fn parse(tokens: &TokenStream) -> Option<Self> {
        let variant = Path::parse_mod_style.parse2(tokens.clone()).ok()?;
        let segments = variant.segments.len().checked_sub(1).filter(|segments| *segments > 0)?;
        let vocabulary = Path {
            leading_colon: variant.leading_colon,
            segments: variant.segments.iter().take(segments).cloned().collect(),
        };
        Some(Self { vocabulary, variant })
    }

    /// Reports a path whose last segment but one is no enum by its name, but a module.
    pub(super) fn check(&self, errors: &mut Diagnostics) -> Option<()> {
        let module = self.vocabulary.segments.last()?.ident.unraw().to_string();
        let last = self.variant.segments.last()?.ident.unraw().to_string();
        if !module.starts_with(|first: char| first.is_lowercase()) {
            return Some(());
        }
        let first = last.chars().next()?;
        if first.is_lowercase() {
            errors.error(
                &self.variant,
                format_args!("`{}` is not the path of a variant", self.text()),
                WRITE_A_LITERAL_OR_A_VARIANT,
            );
        } else if last.contains(|one: char| one.is_lowercase()) {
            errors.error(
                &self.variant,
                format_args!("`{}` is not the path of a variant", self.text()),
                format_args!(
                    "write the enum in front of the variant, as in `JournalScope::{last}`; the name of an enum begins \
                     with an upper-case letter"
                ),
            );
        } else {
            errors.error(
                &self.variant,
                "a constant cannot be a scope",
                WRITE_A_LITERAL_OR_A_VARIANT,
            );
        }
        None
    }

    /// The path that tokens in another form seem to mean.
    // Input:  JournalScope.EntriesRead
    // Output: JournalScope::EntriesRead
    pub(super) fn intended(tokens: &[TokenTree]) -> Option<Self> {
        let is_separator = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if matches!(punct.as_char(), '.' | ':'));
        let mut segments: Vec<&Ident> = Vec::new();
        let mut separators = 0;
        let mut trees = tokens.iter().peekable();
        while let Some(tree) = trees.peek() {
            match tree {
                TokenTree::Ident(segment) if segments.len() == separators => segments.push(segment),
                tree if is_separator(tree) && segments.len() == separators + 1 => {
                    while trees.next_if(|next| is_separator(next)).is_some() {}
                    separators += 1;
                    continue;
                }
                _ => break,
            }
            trees.next();
        }
        let is_complete = match trees.collect::<Vec<_>>().as_slice() {
            [] => true,
            [TokenTree::Group(group)] => {
                group.stream().is_empty() && group.delimiter() != Delimiter::Bracket
            }
            [TokenTree::Ident(cast), TokenTree::Ident(_)] => *cast == "as",
            _ => false,
        };
        let (.., [vocabulary, variant]) = segments.split_last_chunk::<2>()?;
        let is_type = |name: &Ident| {
            name.unraw().to_string().starts_with(|first: char| first.is_ascii_uppercase())
        };
        if !is_complete
            || segments.len() != separators + 1
            || !is_type(vocabulary)
            || !is_type(variant)
        {
            return None;
        }
        Self::parse(&quote!(#(#segments)::*))
    }

    /// The path without spaces.
    pub(super) fn text(&self) -> String {
        self.variant.to_token_stream().to_string().replace(' ', "")
    }
}
