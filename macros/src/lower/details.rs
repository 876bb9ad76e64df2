//! The arguments that are authorization details: statements in front of the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericArgument, PatType, PathArguments, Type};

use super::guard_argument::GuardArgument;
use super::policy_type::{of_detail, of_details};
use super::span::{first_and_last_span, named_type};
use super::when::denial;
use crate::parse::arguments::is_same_type;
use crate::parse::attribute::has_name;
use crate::validate::details::detail_type;

/// `named`: the types that the attribute names. A type that is one of them has its place there, so that the compiler
/// reports it once. Another one must have the name of one of them; the [policy](super::policy_type::Policy) requires it
/// too.
// Input:  granted: AuthorizationDetails<bank::Payment>
// Output: let granted: AuthorizationDetails<bank::Payment> = {
//             let _: [(); assert_details_required::<(Detail<Payment, { … }>,), Detail<bank::Payment, { … }>>()] = [];
//             denial.authorization_details::<Detail<bank::Payment, { … }>>()
//         };
pub(super) fn statement(
    details: &PatType,
    named: &[Type],
    guard: &GuardArgument<'_>,
) -> Option<TokenStream> {
    let PatType { attrs, pat, ty, .. } = details;
    let cfgs = attrs.iter().filter(|attribute| has_name(attribute, "cfg"));
    let mut ty = (**ty).clone();
    let detail = detail_type_mut(&mut ty)?;
    let as_named = named.iter().find(|named| is_same_type(named, detail));
    if let Some(named) = as_named {
        *detail = named.clone();
    }
    let detail = std::mem::replace(detail, Type::Verbatim(named_type(detail)));
    let private = guard.policy.private(Span::call_site());
    let received = of_detail(&detail, &private);
    let check = as_named.is_none().then(|| {
        let (first, last) = first_and_last_span(&detail);
        let at_detail = guard.policy.private(first);
        let check = Ident::new("assert_details_required", last);
        let named = of_details(named, &private);
        let check = quote_spanned!(first=> #at_detail::#check::<#named, #received>());
        quote!(let _: [(); #check] = [];)
    });
    let denial = denial();
    Some(quote! {
        #(#cfgs)*
        let #pat: #ty = {
            #check
            #denial.authorization_details::<#received>()
        };
    })
}

/// The types that arguments receive and the attribute does not name in the same way.
pub(super) fn further_types<'a>(
    arguments: impl IntoIterator<Item = &'a PatType>,
    named: &[Type],
) -> Vec<Type> {
    let mut types: Vec<Type> = Vec::new();
    for detail in arguments.into_iter().filter_map(|argument| detail_type(&argument.ty)) {
        if !named.iter().chain(&types).any(|other| is_same_type(other, detail)) {
            types.push(detail.clone());
        }
    }
    types
}

/// The type in `AuthorizationDetails<…>`.
fn detail_type_mut(ty: &mut Type) -> Option<&mut Type> {
    let path = match ty {
        Type::Group(inner) => return detail_type_mut(&mut inner.elem),
        Type::Path(path) => path,
        _ => return None,
    };
    let PathArguments::AngleBracketed(generics) = &mut path.path.segments.last_mut()?.arguments
    else {
        return None;
    };
    generics.args.iter_mut().find_map(|argument| match argument {
        GenericArgument::Type(detail) => Some(detail),
        _ => None,
    })
}
