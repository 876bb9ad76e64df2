//! The guarded function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Meta, Pat, PatType, Token, Type};

use crate::arguments::Arguments;
use crate::function::{Function, is_marker};
use crate::{paths, policy};

/// Puts the guard in the place of the argument that receives the caller, and that place first.
// Input:  async fn create(Json(entry): Json<NewEntry>, auth: AuthInfo) -> R { … }
// Output: async fn create(
//             Authorized { caller: auth, .. }: Authorized<Policy, AuthInfo>,
//             Json(entry): Json<NewEntry>,
//         ) -> R { … }
pub(crate) fn emit(
    mut function: Function,
    arguments: &Arguments,
    injection: Option<usize>,
) -> TokenStream {
    let mut receiver = None;
    let mut guards = Vec::new();
    let mut rest = Vec::new();
    for (position, input) in std::mem::take(&mut function.signature.inputs).into_iter().enumerate()
    {
        match input {
            FnArg::Receiver(_) => receiver = Some(input),
            FnArg::Typed(argument) if injection == Some(position) => {
                guards = receiving(argument, arguments);
            }
            FnArg::Typed(_) => rest.push(input),
        }
    }
    if guards.is_empty() {
        guards.push(silent(arguments, Vec::new()));
    }
    function.signature.inputs = receiver.into_iter().chain(guards).chain(rest).collect();
    function.into_token_stream()
}

/// The argument that receives the caller. A `#[cfg]` on it chooses between it and a guard that
/// receives nothing: it never takes the guard away.
fn receiving(argument: PatType, arguments: &Arguments) -> Vec<FnArg> {
    let PatType { attrs, pat, ty, .. } = argument;
    let attributes: Vec<Attribute> =
        attrs.into_iter().filter(|attribute| !is_marker(attribute)).collect();
    let conditions: Vec<TokenStream> = attributes.iter().filter_map(condition).collect();
    // At the place of the type as written, so that an error about it is shown there.
    let span = Span::call_site().located_at(ty.span());
    let guard = guard(arguments, span);
    let policy = policy(arguments, span);
    let receiver = argument_of(
        attributes,
        quote_spanned!(span=> #guard { caller: #pat, .. }),
        quote_spanned!(span=> #guard<#policy, #ty>),
    );
    if conditions.is_empty() {
        return vec![receiver];
    }
    let absent = syn::parse_quote!(#[cfg(not(all(#(#conditions),*)))]);
    vec![receiver, silent(arguments, vec![absent])]
}

/// A guard that decides and hands nothing over. Without a caller to receive, an optional one is
/// received and dropped.
fn silent(arguments: &Arguments, attributes: Vec<Attribute>) -> FnArg {
    let span = Span::call_site();
    let guard = guard(arguments, span);
    let policy = policy(arguments, span);
    let private = paths::private(arguments.krate.as_ref(), span);
    let caller = arguments.optional.map(|_| quote!(, ::core::option::Option<#private::AuthInfo>));
    argument_of(attributes, quote!(_), quote!(#guard<#policy #caller>))
}

fn argument_of(attrs: Vec<Attribute>, pattern: TokenStream, ty: TokenStream) -> FnArg {
    FnArg::Typed(PatType {
        attrs,
        pat: Box::new(Pat::Verbatim(pattern)),
        colon_token: <Token![:]>::default(),
        ty: Box::new(Type::Verbatim(ty)),
    })
}

fn guard(arguments: &Arguments, span: Span) -> TokenStream {
    let private = paths::private(arguments.krate.as_ref(), span);
    quote_spanned!(span=> #private::Authorized)
}

fn policy(arguments: &Arguments, span: Span) -> TokenStream {
    let private = paths::private(arguments.krate.as_ref(), span);
    let policy = match &arguments.scopes {
        Some(condition) => policy::spell(condition, &private),
        None => quote_spanned!(span=> #private::AnyToken),
    };
    match arguments.optional {
        Some(_) => quote_spanned!(span=> #private::Optional<#policy>),
        None => policy,
    }
}

/// What a `#[cfg(…)]` asks for.
fn condition(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}
