//! The arguments that are permits: statements in front of the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{FnArg, GenericArgument, PatType, PathArguments, Signature, Type};

use super::guard_argument::GuardArgument;
use super::span::{first_and_last_span, named_type};
use crate::parse::async_trait;
use crate::parse::attribute::has_name;

/// The name of the variable that holds the evidence of the guard. Only what this crate emits sees it.
pub(super) fn evidence() -> Ident {
    Ident::new("evidence", Span::mixed_site())
}

/// Takes the arguments at these positions out of the signature.
pub(super) fn take(signature: &mut Signature, positions: &[usize]) -> Vec<PatType> {
    let mut permits = Vec::new();
    let inputs = std::mem::take(&mut signature.inputs);
    for (position, input) in inputs.into_iter().enumerate() {
        match input {
            FnArg::Typed(mut argument) if positions.contains(&position) => {
                async_trait::remove_lifetime(&mut argument.ty, &mut signature.generics);
                permits.push(argument);
            }
            input => signature.inputs.push(input),
        }
    }
    permits
}

/// The check is a constant, so that the compiler evaluates it before it generates code, and reports it at the scope.
// Input:  permit: &Permit<scopes::EntriesWrite>
// Output: let permit: &Permit<scopes::EntriesWrite> = {
//             const PERMITTED: Permitted<Policy, scopes::EntriesWrite> = Permitted::check();
//             evidence.permit(PERMITTED)
//         };
pub(super) fn statement(permit: &PatType, guard: &GuardArgument<'_>) -> Option<TokenStream> {
    let PatType { attrs, pat, ty, .. } = permit;
    let cfgs = attrs.iter().filter(|attribute| has_name(attribute, "cfg"));
    let mut ty = (**ty).clone();
    let scope = scope_mut(&mut ty)?;
    let named = named_type(scope);
    let scope = std::mem::replace(scope, Type::Verbatim(named.clone()));
    let (first, last) = first_and_last_span(&scope);
    let at_scope = guard.policy.private(first);
    let check = Ident::new("check", last);
    let check = quote_spanned!(first=> #at_scope::Permitted::#check());
    let private = guard.policy.private(Span::call_site());
    let policy = guard.policy_type(Span::call_site());
    let permitted = Ident::new("PERMITTED", Span::call_site());
    // The compiler shows at the type that the permit does not live long enough.
    let (first, _) = first_and_last_span(&ty);
    let evidence = Ident::new("evidence", evidence().span().located_at(first));
    let permit = quote_spanned!(first=> #evidence.permit(#permitted));
    Some(quote! {
        #(#cfgs)*
        let #pat: #ty = {
            const #permitted: #private::Permitted<#policy, #named> = #check;
            #permit
        };
    })
}

/// The type in `&Permit<…>`.
fn scope_mut(ty: &mut Type) -> Option<&mut Type> {
    let Type::Reference(reference) = ty else { return None };
    let Type::Path(path) = &mut *reference.elem else { return None };
    let PathArguments::AngleBracketed(generics) = &mut path.path.segments.last_mut()?.arguments
    else {
        return None;
    };
    generics.args.iter_mut().find_map(|argument| match argument {
        GenericArgument::Type(scope) => Some(scope),
        _ => None,
    })
}
