//! Finds and checks the arguments that are permits.

use quote::ToTokens;
use syn::{FnArg, GenericArgument, Lifetime, PathArguments, Signature, Type, TypeReference};

use crate::diagnostics::Diagnostics;
use crate::parse::async_trait;

/// The positions of the arguments of the type `&Permit<…>`. No framework extracts a reference, so such an argument is
/// for the attribute, whatever `Permit` stands for: the compiler compares the types.
pub(super) fn find(signature: &Signature, optional: bool) -> (Vec<usize>, Diagnostics) {
    let mut errors = Diagnostics::default();
    let mut positions = Vec::new();
    let is_of_user = |lifetime: &&Lifetime| !async_trait::has_named(lifetime, &signature.generics);
    for (position, argument) in signature.inputs.iter().enumerate() {
        let FnArg::Typed(argument) = argument else { continue };
        let Type::Reference(reference) = &*argument.ty else {
            if is_permit_by_value(&argument.ty) {
                positions.push(position);
                errors.error(
                    &argument.ty,
                    "a permit is received behind a reference",
                    format_args!("write `&{}`", text(&argument.ty)),
                );
            } else if let Some(permit) = optional_permit(&argument.ty) {
                positions.push(position);
                let help =
                    format!("write `&{}`, or `auth.permit()?` where there is one", text(permit));
                errors.error(&argument.ty, "a permit is never optional", help);
            }
            continue;
        };
        let Some(scopes) = scopes(reference) else { continue };
        positions.push(position);
        if scopes != 1 {
            errors.error(
                &argument.ty,
                "a permit is for one scope",
                "write `&Permit<…>` with the type of the scope, as in `&Permit<scopes::EntriesWrite>`",
            );
        } else if let Some(lifetime) = reference.lifetime.as_ref().filter(is_of_user) {
            errors.error(
                lifetime,
                "a permit ends with the function, and has no lifetime",
                format_args!("remove `{lifetime}`"),
            );
        } else if let Some(mutability) = &reference.mutability {
            errors.error(mutability, "a permit is never mutable", "remove `mut`");
        } else if optional {
            errors.error(
                &argument.ty,
                "with `optional` there may be no caller, and so no permit",
                "remove this argument, and write `auth.permit()?` where there is a caller",
            );
        }
    }
    (positions, errors)
}

/// The number of types in the angle brackets of `Permit<…>`. `None` for another type.
fn scopes(reference: &TypeReference) -> Option<usize> {
    let Type::Path(path) = &*reference.elem else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Permit")?;
    match &last.arguments {
        PathArguments::AngleBracketed(generics) => {
            let types = generics.args.iter().filter(|it| matches!(it, GenericArgument::Type(_)));
            Some(types.count())
        }
        _ => Some(0),
    }
}

/// Whether the type is `Permit<scopes::EntriesWrite>`. Another type of this name may be an extractor, whose parameter is
/// hardly a type in a module.
fn is_permit_by_value(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Permit") else {
        return false;
    };
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return false };
    let mut generics = generics.args.iter();
    let (Some(GenericArgument::Type(Type::Path(scope))), None) = (generics.next(), generics.next())
    else {
        return false;
    };
    let mut segments = scope.path.segments.iter().rev().skip(1);
    segments.next().is_some_and(|module| module.ident.to_string().starts_with(char::is_lowercase))
}

/// The permit in `Option<&Permit<…>>`.
fn optional_permit(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    match generics.args.first()? {
        GenericArgument::Type(Type::Reference(inner)) => scopes(inner).map(|_| &*inner.elem),
        _ => None,
    }
}

/// The type without spaces.
fn text(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
