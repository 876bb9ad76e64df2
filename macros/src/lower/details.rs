//! The arguments that are authorization details: statements in front of the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericArgument, PatType, PathArguments, Type};

use super::guard_argument::GuardArgument;
use super::policy_type::of_detail;
use super::span::first_and_last_span;
use super::when::denial;
use crate::parse::attribute::has_name;

/// `named`: the types that the attribute names. A type that is one of them has its place there, so that the compiler reports it
/// once.
// Input:  granted: AuthorizationDetails<Payment>
// Output: let granted: AuthorizationDetails<Payment> = {
//             let _: [(); assert_details_required::<Policy, Detail<Payment, { … }>>()] = [];
//             denial.authorization_details::<Detail<Payment, { … }>>()
//         };
pub(super) fn statement(
    details: &PatType,
    named: &[Type],
    guard: &GuardArgument<'_>,
) -> Option<TokenStream> {
    let PatType { attrs, pat, ty, .. } = details;
    let cfgs = attrs.iter().filter(|attribute| has_name(attribute, "cfg"));
    let mut ty = (**ty).clone();
    let detail = detail_type(&mut ty)?;
    if let Some(named) = named.iter().find(|named| is_same(named, detail)) {
        *detail = named.clone();
    }
    let detail = detail.clone();
    let (first, last) = first_and_last_span(&detail);
    let at_detail = guard.policy.private(first);
    let check = Ident::new("assert_details_required", last);
    let policy = guard.policy_type(Span::call_site());
    let named = of_detail(&detail, &guard.policy.private(Span::call_site()));
    let check = quote_spanned!(first=> #at_detail::#check::<#policy, #named>());
    let denial = denial();
    Some(quote! {
        #(#cfgs)*
        let #pat: #ty = {
            let _: [(); #check] = [];
            #denial.authorization_details::<#named>()
        };
    })
}

fn is_same(one: &Type, other: &Type) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// The type in `AuthorizationDetails<…>`.
fn detail_type(ty: &mut Type) -> Option<&mut Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(generics) = &mut path.path.segments.last_mut()?.arguments
    else {
        return None;
    };
    generics.args.iter_mut().find_map(|argument| match argument {
        GenericArgument::Type(detail) => Some(detail),
        _ => None,
    })
}
