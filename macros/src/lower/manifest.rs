//! The statement with which a function registers itself for the manifest.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::policy_type::Policy;
use crate::parse::arguments::Arguments;
use crate::parse::attribute::has_last_segment;
use crate::parse::function::Function;

/// The span is that of the function's name, so that the manifest has its line. For a function in a
/// block with one attribute for all, that is not the line of the attribute.
// Input:  #[requires_auth(scopes = "read", scopes_from = f, when = page < 9)] #[tool] fn list() {}
// Output: register_function! {
//             Tool ByTryInto<OAuthScope<1919246692>, Function<1818850164>, { function_id(…) }>,
//             scopes_from "f", when "page < 9"
//         }
pub(super) fn registration(
    function: &Function,
    policy: &Policy<'_>,
    arguments: &Arguments,
) -> TokenStream {
    let span = function.signature.ident.span();
    let private = policy.private(Span::call_site());
    let kind = Ident::new(kind(function), span);
    let policy = policy.to_type(Span::call_site());
    let scopes_from = arguments.scopes_from.as_ref().map(|scopes_from| {
        let text = scopes_from.to_string();
        quote!(, scopes_from #text)
    });
    let when = arguments.when.as_ref().map(|when| {
        let text = when.to_string();
        quote!(, when #text)
    });
    quote_spanned!(span=> #private::register_function! { #kind #policy #scopes_from #when })
}

fn kind(function: &Function) -> &'static str {
    let has = |name| function.attributes.iter().any(|it| has_last_segment(it, name));
    if has("tool") {
        "Tool"
    } else if has("prompt") {
        "Prompt"
    } else {
        "Handler"
    }
}
