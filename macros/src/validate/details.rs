//! Finds and checks the arguments that receive authorization details.

use quote::ToTokens;
use syn::{FnArg, GenericArgument, PathArguments, Signature, Type};

use crate::diagnostics::Diagnostics;
use crate::parse::arguments::Arguments;

/// The positions of the arguments of the type `AuthorizationDetails<…>`.
pub(super) fn find(
    signature: &Signature,
    arguments: &Arguments,
    optional: bool,
) -> (Vec<usize>, Diagnostics) {
    let mut errors = Diagnostics::default();
    let mut positions = Vec::new();
    for (position, argument) in signature.inputs.iter().enumerate() {
        let FnArg::Typed(argument) = argument else { continue };
        let (details, is_plain) = match inner(&argument.ty) {
            Some(inner) => (inner, false),
            None => (&*argument.ty, true),
        };
        let Some(types) = detail_types(details) else { continue };
        positions.push(position);
        let ty = text(details);
        match types.as_slice() {
            [_] if !is_plain => errors.error(
                &argument.ty,
                "authorization details are received by value, and there is always one",
                format_args!("write `{ty}`"),
            ),
            [_] if optional => errors.error(
                &argument.ty,
                "with `optional` there may be no caller, and so no authorization details",
                "remove this argument, and write `auth.authorization_details()` where there is a caller",
            ),
            [detail]
                if arguments.token.authorization_details.is_empty() && !arguments.has_errors =>
            {
                errors.error(
                    &argument.ty,
                    "the function does not require these authorization details",
                    format_args!("write `authorization_details = {}` in `#[requires_auth]`", text(detail)),
                );
            }
            [_] => {}
            _ => errors.error(
                &argument.ty,
                "authorization details are of one type",
                "write `AuthorizationDetails<…>` with the type, as in `AuthorizationDetails<Payment>`",
            ),
        }
    }
    (positions, errors)
}

/// The type in `&…` or in `Option<…>`.
fn inner(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Reference(reference) => Some(&reference.elem),
        Type::Path(path) => {
            let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
            let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
            match generics.args.first()? {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The types in `AuthorizationDetails<…>`; `None` for another type.
fn detail_types(ty: &Type) -> Option<Vec<&Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "AuthorizationDetails")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return Some(Vec::new()) };
    let types = generics.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(detail) => Some(detail),
        _ => None,
    });
    Some(types.collect())
}

/// The type without spaces.
fn text(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
