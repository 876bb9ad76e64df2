//! The path of the hidden module, which all emitted code names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

mod dependency_name;

/// The hidden module of the runtime: in the crate that `crate = …` names, or in `requires-auth`
/// under the name that the user's manifest gives it.
///
/// Where `crate = …` names another crate, the compiler shows the module's name: "cannot find
/// `requires_auth_expansion` in `axum`".
// Output: ::requires_auth::requires_auth_expansion
pub(crate) fn path(krate: Option<&Path>, span: Span) -> TokenStream {
    match (krate, dependency_name::renamed()) {
        (Some(path), _) => {
            // The compiler shows an error about the module at the path.
            let module_span = path.segments.last().map_or(span, |last| last.ident.span());
            let module = Ident::new("requires_auth_expansion", module_span);
            quote!(#path::#module)
        }
        (None, None) => quote_spanned!(span=> ::requires_auth::requires_auth_expansion),
        (None, Some(name)) => {
            let name = Ident::new(&name, span);
            quote_spanned!(span=> ::#name::requires_auth_expansion)
        }
    }
}
