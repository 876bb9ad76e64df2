//! One argument of the attribute.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};

/// A key, and the tokens after it up to the next comma.
pub(super) struct Argument {
    pub(super) key: Ident,
    pub(super) rest: TokenStream,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self { key: input.call(Ident::parse_any)?, rest: input.parse()? })
    }
}

/// Parses the tokens between two commas. Returns `None` where they do not begin with a key.
pub(super) fn parse_argument(part: &TokenStream) -> Option<Argument> {
    syn::parse2(part.clone()).ok()
}

/// The value after `=`, or after another sign in its place.
pub(super) fn skip_equals(rest: TokenStream) -> TokenStream {
    let is_sign = |tree: &TokenTree| {
        matches!(tree, TokenTree::Punct(punct)
            if matches!(punct.as_char(), '=' | ':' | '+' | '>'))
    };
    rest.into_iter().skip_while(is_sign).collect()
}
