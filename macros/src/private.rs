//! The one place that spells the paths of emitted code.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

mod dependency_name;

/// The hidden module of the runtime, below the path that `crate = …` gives. Its name is what the
/// compiler shows of it: "cannot find `requires_auth_expansion` in `axum`", if that is another crate.
pub(crate) fn path(krate: Option<&Path>, span: Span) -> TokenStream {
    match (krate, dependency_name::renamed()) {
        (Some(path), _) => {
            // So that an error about it is shown at the path.
            let place = path.segments.last().map_or(span, |last| last.ident.span());
            let module = Ident::new("requires_auth_expansion", place);
            quote!(#path::#module)
        }
        (None, None) => quote_spanned!(span=> ::requires_auth::requires_auth_expansion),
        (None, Some(name)) => {
            let name = Ident::new(&name, span);
            quote_spanned!(span=> ::#name::requires_auth_expansion)
        }
    }
}
