//! The arguments that are authorization details: statements in front of the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericArgument, PatType, PathArguments, Type};

use super::guard_argument::GuardArgument;
use super::span::first_and_last_span;
use super::when::denial;
use crate::parse::attribute::has_name;

/// The check is a constant, so that the compiler evaluates it before it generates code, and reports it at the type.
// Input:  granted: AuthorizationDetails<Payment>
// Output: let granted: AuthorizationDetails<Payment> = {
//             const GRANTED: Granted<Policy, Payment> = Granted::check();
//             denial.authorization_details(GRANTED)
//         };
pub(super) fn statement(details: &PatType, guard: &GuardArgument<'_>) -> Option<TokenStream> {
    let PatType { attrs, pat, ty, .. } = details;
    let cfgs = attrs.iter().filter(|attribute| has_name(attribute, "cfg"));
    let detail = detail_type(ty)?;
    let (first, last) = first_and_last_span(detail);
    let at_detail = guard.policy.private(first);
    let check = Ident::new("check", last);
    let check = quote_spanned!(first=> #at_detail::Granted::#check());
    let private = guard.policy.private(Span::call_site());
    let policy = guard.policy_type(Span::call_site());
    let granted = Ident::new("GRANTED", Span::call_site());
    let denial = denial();
    let (first, _) = first_and_last_span(ty);
    let value = quote_spanned!(first=> #denial.authorization_details(#granted));
    Some(quote! {
        #(#cfgs)*
        let #pat: #ty = {
            const #granted: #private::Granted<#policy, #detail> = #check;
            #value
        };
    })
}

/// The type in `AuthorizationDetails<…>`.
fn detail_type(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(generics) = &path.path.segments.last()?.arguments else {
        return None;
    };
    generics.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(detail) => Some(detail),
        _ => None,
    })
}
