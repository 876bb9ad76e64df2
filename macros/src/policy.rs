//! Policies as types, as the runtime reads them back.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::scopes::Condition;

/// The most elements that the runtime's tuples take.
const WIDEST: usize = 16;

/// The most bytes that the runtime reads back.
const LONGEST_NAME: usize = 256;

/// The bytes in one number.
const CHUNK: usize = 16;

// Input:  all("read", any("admin", "write"))
// Output: All<(S<0x72656164>, Any<(S<0x61646d696e>, S<0x7772697465>,)>,)>
pub(crate) fn spell(condition: &Condition, private: &TokenStream) -> TokenStream {
    match condition {
        Condition::Scope(scope) => spell_text(scope.text.as_bytes(), private),
        Condition::All(group) => spell_group(&quote!(#private::All), &group.conditions, private),
        Condition::Any(group) => spell_group(&quote!(#private::Any), &group.conditions, private),
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
// Input:  create, S<0x72656164>
// Output: Of<S<0x637265617465>, S<0x72656164>>
pub(crate) fn named(name: &Ident, policy: TokenStream, private: &TokenStream) -> TokenStream {
    let name = name.unraw().to_string();
    if name.len() > LONGEST_NAME {
        return policy;
    }
    let name = spell_text(name.as_bytes(), private);
    quote!(#private::Of<#name, #policy>)
}

fn spell_text(bytes: &[u8], private: &TokenStream) -> TokenStream {
    let chunk = bytes.get(..CHUNK).unwrap_or(bytes);
    let number = chunk.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    // In hexadecimal the text can be read in an expansion.
    let number = format!("{number:#x}")
        .parse::<Literal>()
        .unwrap_or_else(|_| Literal::u128_unsuffixed(number));
    match bytes.get(CHUNK..) {
        None | Some([]) => quote!(#private::S<#number>),
        Some(rest) => {
            let rest = spell_text(rest, private);
            quote!(#private::S<#number, #rest>)
        }
    }
}
