//! Policies as types, as the runtime reads them back.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::parse::condition::Condition;

/// The most elements that the runtime's tuples take.
const MAX_TUPLE_ELEMENTS: usize = 16;

/// The most bytes that the runtime reads back.
const MAX_NAME_BYTES: usize = 256;

/// The most letters that one type of the runtime spells.
const MAX_CHARS_PER_TYPE: usize = 24;

// Input:  all("read", any("a", "b"))
// Output: AllOf<(OAuthScope<'r', 'e', 'a', 'd'>, AnyOf<(OAuthScope<'a'>, OAuthScope<'b'>,)>,)>
pub(crate) fn of_condition(condition: &Condition, private: &TokenStream) -> TokenStream {
    match condition {
        Condition::Scope(scope) => text_type("OAuthScope", &scope.text, private),
        Condition::All(group) => group_type(&quote!(#private::AllOf), &group.conditions, private),
        Condition::Any(group) => group_type(&quote!(#private::AnyOf), &group.conditions, private),
    }
}

/// Wider groups nest: `all` of `all`s and `any` of `any`s mean the same as one of them.
fn group_type(name: &TokenStream, conditions: &[Condition], private: &TokenStream) -> TokenStream {
    if let [one] = conditions {
        return of_condition(one, private);
    }
    let mut elements: Vec<TokenStream> =
        conditions.iter().map(|condition| of_condition(condition, private)).collect();
    while elements.len() > MAX_TUPLE_ELEMENTS {
        elements =
            elements.chunks(MAX_TUPLE_ELEMENTS).map(|chunk| quote!(#name<(#(#chunk,)*)>)).collect();
    }
    quote!(#name<(#(#elements,)*)>)
}

/// A policy with the name of its function, which the runtime's logs and metrics tell.
// Input:  add, OAuthScope<'r', 'e', 'a', 'd'>
// Output: ByTryInto<Function<'a', 'd', 'd'>, OAuthScope<'r', 'e', 'a', 'd'>>
pub(crate) fn with_function_name(
    name: &Ident,
    policy: TokenStream,
    private: &TokenStream,
) -> TokenStream {
    let name = name.unraw().to_string();
    if name.len() > MAX_NAME_BYTES {
        return policy;
    }
    let name = text_type("Function", &name, private);
    quote!(#private::ByTryInto<#name, #policy>)
}

/// A longer text is joined from pieces.
fn text_type(kind: &str, text: &str, private: &TokenStream) -> TokenStream {
    let mut letters = text.chars();
    let kind = Ident::new(kind, Span::call_site());
    let piece: Vec<char> = letters.by_ref().take(MAX_CHARS_PER_TYPE).collect();
    let piece = quote!(#private::#kind<#(#piece),*>);
    match letters.as_str() {
        "" => piece,
        rest => {
            let rest = text_type(&kind.to_string(), rest, private);
            quote!(#private::Joined<#piece, #rest>)
        }
    }
}
