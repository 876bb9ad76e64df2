//! Scopes that are written as variants of an enum with `#[derive(Scope)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Path;
use syn::parse::Parser;

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

    /// The path without spaces.
    pub(super) fn text(&self) -> String {
        self.variant.to_token_stream().to_string().replace(' ', "")
    }
}
