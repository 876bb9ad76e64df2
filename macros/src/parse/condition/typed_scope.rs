//! Scopes that are written as variants of an enum with `#[derive(Scope)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
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
        if last.contains(|one: char| one.is_lowercase()) {
            errors.error(
                &self.variant,
                format_args!("`{}` is not a variant: `{module}` is no enum", self.text()),
                format_args!(
                    "write the enum in front of the variant, as in `JournalScope::{last}`"
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

    /// The path without spaces.
    pub(super) fn text(&self) -> String {
        self.variant.to_token_stream().to_string().replace(' ', "")
    }
}
