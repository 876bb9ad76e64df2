//! One argument of the attribute.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};

/// A key and what follows it.
pub(super) struct Argument {
    pub(super) key: Ident,
    pub(super) rest: TokenStream,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self { key: input.call(Ident::parse_any)?, rest: input.parse()? })
    }
}

pub(super) fn parse_argument(part: &TokenStream) -> Option<Argument> {
    syn::parse2(part.clone()).ok()
}

/// The value behind `=`, or behind what was written in its place.
pub(super) fn skip_equals(rest: TokenStream) -> TokenStream {
    let sign = |tree: &TokenTree| {
        matches!(tree, TokenTree::Punct(punct)
            if matches!(punct.as_char(), '=' | ':' | '+' | '>'))
    };
    rest.into_iter().skip_while(sign).collect()
}
