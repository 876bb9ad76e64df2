//! The one place that spells the paths of emitted code.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

/// The hidden module of the runtime, below the path that `crate = …` gives.
pub(crate) fn private(krate: Option<&Path>, span: Span) -> TokenStream {
    match krate {
        Some(path) => quote!(#path::__private),
        None => quote_spanned!(span=> ::requires_auth::__private),
    }
}
