//! Finds and checks the arguments that receive authorization details.

use quote::ToTokens;
use syn::{FnArg, GenericArgument, PathArguments, Signature, Type};

use crate::diagnostics::Diagnostics;
use crate::parse::arguments::Arguments;
use crate::parse::attribute::has_name;
use crate::parse::tokens::without_captures;

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
        let named = &arguments.token.authorization_details;
        let has_cfg = argument.attrs.iter().any(|attribute| has_name(attribute, "cfg"));
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
            [_] if arguments.has_errors => {}
            [detail] if named.is_empty() => {
                errors.error(
                    &argument.ty,
                    "the function does not require these authorization details",
                    format_args!("write `authorization_details = {}` in `#[requires_auth]`", text(detail)),
                );
            }
            // The function requires the type of each argument, and this one is perhaps not there.
            [detail] if has_cfg && !arguments.token.names_detail(detail) => {
                let list: Vec<String> = named.iter().chain([*detail]).map(text).collect();
                errors.error(
                    detail,
                    "with `#[cfg]`, an argument is of a type that `authorization_details` names",
                    format_args!("write the type as it is named there, or `authorization_details = [{}]`", list.join(", ")),
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
    let path = match ty {
        // Of a macro.
        Type::Group(inner) => return detail_types(&inner.elem),
        Type::Path(path) => path,
        _ => return None,
    };
    let last = path.path.segments.last().filter(|last| last.ident == "AuthorizationDetails")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return Some(Vec::new()) };
    let types = generics.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(detail) => Some(detail),
        _ => None,
    });
    Some(types.collect())
}

/// The type in `AuthorizationDetails<…>`, if there is one.
pub(crate) fn detail_type(ty: &Type) -> Option<&Type> {
    match detail_types(ty)?.as_slice() {
        [detail] => Some(detail),
        _ => None,
    }
}

/// The type without spaces.
fn text(ty: &Type) -> String {
    without_captures(ty.to_token_stream()).to_string().replace(' ', "")
}
