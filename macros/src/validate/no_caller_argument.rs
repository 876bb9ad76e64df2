//! Checks a signature in which no argument receives the caller.

use quote::ToTokens;
use syn::{FnArg, GenericArgument, Pat, PatType, PathArguments, Signature, Type};

use super::caller_type::{
    CallerType, contains_ident, expected_type, report_guard, report_indirect,
};
use super::pattern::{inner_name, name_or_auth};
use crate::diagnostics::Diagnostics;

/// Also returns the positions of the arguments that seem to be meant for the caller.
pub(super) fn check(signature: &Signature, optional: bool) -> (Vec<usize>, Diagnostics) {
    let mut errors = Diagnostics::default();
    let mut positions = Vec::new();
    for (position, argument) in typed(signature) {
        match CallerType::of(&argument.ty) {
            CallerType::Indirect(what) => report_indirect(argument, what, optional, &mut errors),
            CallerType::Guard => report_guard(argument, optional, &mut errors),
            CallerType::Extension => report_extension(argument, optional, &mut errors),
            _ => continue,
        }
        positions.push(position);
    }
    if !optional || !positions.is_empty() {
        return (positions, errors);
    }
    let nested =
        typed(signature).find(|(_, it)| contains_ident(it.ty.to_token_stream(), "AuthInfo"));
    if let Some((position, argument)) = nested {
        let message = "with `optional` the caller is received as an `Option<AuthInfo>`";
        errors.error(&argument.ty, message, "write `Option<AuthInfo>`");
        return (vec![position], errors);
    }
    let message = "with `optional` the function must find out whether there is a caller";
    match typed(signature).find(|(_, argument)| is_option_of_name(argument)) {
        Some((position, argument)) => {
            positions.push(position);
            let ty = argument.ty.to_token_stream().to_string().replace(' ', "");
            errors.error(
                &argument.ty,
                message,
                format_args!(
                    "if `{ty}` is an `Option<AuthInfo>`, mark the argument with `#[auth]`; otherwise \
                     add an argument `auth: Option<AuthInfo>`"
                ),
            );
        }
        None => errors.error(
            &signature.ident,
            message,
            "add an argument `auth: Option<AuthInfo>`, or remove `optional`",
        ),
    }
    (positions, errors)
}

/// The arguments except `self`, with their positions.
fn typed(signature: &Signature) -> impl Iterator<Item = (usize, &PatType)> {
    signature.inputs.iter().enumerate().filter_map(|(position, argument)| match argument {
        FnArg::Typed(argument) => Some((position, argument)),
        FnArg::Receiver(_) => None,
    })
}

/// A layer may put an `AuthInfo` into the request's extensions; the guard does not.
fn report_extension(argument: &PatType, optional: bool, errors: &mut Diagnostics) {
    let name = match &*argument.pat {
        Pat::TupleStruct(pattern) => inner_name(pattern),
        pattern => name_or_auth(Some(pattern)),
    };
    let help = format!("write `{name}: {}`", expected_type(optional));
    errors.error(argument, "the guard puts no caller into the request's extensions", help);
}

/// `Option<Caller>`, where `Caller` may be an alias of `AuthInfo`.
fn is_option_of_name(argument: &PatType) -> bool {
    let Type::Path(path) = &*argument.ty else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return false };
    let Some(GenericArgument::Type(Type::Path(inner))) = generics.args.first() else {
        return false;
    };
    let is_name = inner.path.segments.last().is_some_and(|inner| inner.arguments.is_none());
    last.ident == "Option" && is_name
}
