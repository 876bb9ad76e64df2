//! Finds and checks the arguments that are permits.

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
        let Type::Reference(reference) = &*argument.ty else { continue };
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
