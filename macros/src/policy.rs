//! Policies as types, as the runtime reads them back.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::scopes::Condition;

/// The most elements that the runtime's tuples take.
const WIDEST: usize = 16;

/// The most bytes that the runtime reads back.
const LONGEST_NAME: usize = 256;

/// The most letters that one type of the runtime spells.
const LETTERS: usize = 24;

// Input:  all("read", any("a", "b"))
// Output: AllOf<(OAuthScope<'r', 'e', 'a', 'd'>, AnyOf<(OAuthScope<'a'>, OAuthScope<'b'>,)>,)>
pub(crate) fn spell(condition: &Condition, private: &TokenStream) -> TokenStream {
    match condition {
        Condition::Scope(scope) => spell_text("OAuthScope", &scope.text, private),
        Condition::All(group) => spell_group(&quote!(#private::AllOf), &group.conditions, private),
        Condition::Any(group) => spell_group(&quote!(#private::AnyOf), &group.conditions, private),
    }
}

/// Wider groups nest: `all` of `all`s and `any` of `any`s mean the same as one of them.
fn spell_group(name: &TokenStream, conditions: &[Condition], private: &TokenStream) -> TokenStream {
    if let [one] = conditions {
        return spell(one, private);
    }
    let mut elements: Vec<TokenStream> =
        conditions.iter().map(|condition| spell(condition, private)).collect();
    while elements.len() > WIDEST {
        elements = elements.chunks(WIDEST).map(|chunk| quote!(#name<(#(#chunk,)*)>)).collect();
    }
    quote!(#name<(#(#elements,)*)>)
}

/// A policy with the name of its function, which the runtime's logs and metrics tell.
// Input:  add, OAuthScope<'r', 'e', 'a', 'd'>
// Output: ByTryInto<Function<'a', 'd', 'd'>, OAuthScope<'r', 'e', 'a', 'd'>>
pub(crate) fn named(name: &Ident, policy: TokenStream, private: &TokenStream) -> TokenStream {
    let name = name.unraw().to_string();
    if name.len() > LONGEST_NAME {
        return policy;
    }
    let name = spell_text("Function", &name, private);
    quote!(#private::ByTryInto<#name, #policy>)
}

/// A longer text is joined from pieces.
fn spell_text(kind: &str, text: &str, private: &TokenStream) -> TokenStream {
    let mut letters = text.chars();
    let kind = Ident::new(kind, Span::call_site());
    let piece: Vec<char> = letters.by_ref().take(LETTERS).collect();
    let piece = quote!(#private::#kind<#(#piece),*>);
    match letters.as_str() {
        "" => piece,
        rest => {
            let rest = spell_text(&kind.to_string(), rest, private);
            quote!(#private::Joined<#piece, #rest>)
        }
    }
}
