//! How the type of an argument names `AuthInfo`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Pat, PatType, PathArguments, Type, TypePath};

use super::pattern::name_or_auth;
use crate::diagnostics::Diagnostics;

/// The way in which a type names `AuthInfo`.
///
/// The name decides only which argument is meant to receive the caller. The emitted code checks
/// that it is the right type.
pub(super) enum CallerType {
    /// `AuthInfo`
    Required,
    /// `Option<AuthInfo>`
    Optional,
    /// Behind a reference or a pointer, which no framework can extract. The text names which.
    Indirect(&'static str),
    /// `Extension<AuthInfo>`: the request's extensions have none. In another extractor, a type of
    /// that name is the user's own.
    Extension,
    /// The type of the guard itself, which only the attribute writes.
    Guard,
    /// Any other type.
    Other,
}

impl CallerType {
    pub(super) fn of(ty: &Type) -> Self {
        match ty {
            Type::Paren(inner) => Self::of(&inner.elem),
            Type::Group(inner) => Self::of(&inner.elem),
            Type::Reference(inner) => match Self::of(&inner.elem) {
                found @ (Self::Other | Self::Extension | Self::Guard) => found,
                _ => Self::Indirect("a reference"),
            },
            Type::Path(path) => {
                let Some(last) = path.path.segments.last() else { return Self::Other };
                let inner = || match &last.arguments {
                    PathArguments::AngleBracketed(generics) => match generics.args.first() {
                        Some(GenericArgument::Type(ty)) => Self::of(ty),
                        _ => Self::Other,
                    },
                    _ => Self::Other,
                };
                match (last.ident.to_string().as_str(), &last.arguments) {
                    ("AuthInfo", PathArguments::None) => Self::Required,
                    ("Authorized", arguments) if names_guard(path, arguments) => Self::Guard,
                    ("Option", _) if matches!(inner(), Self::Required) => Self::Optional,
                    ("Arc" | "Rc" | "Box", _) if !matches!(inner(), Self::Other) => {
                        Self::Indirect("a pointer")
                    }
                    ("Option", _) if matches!(inner(), Self::Indirect(_)) => inner(),
                    ("Extension", _) if !matches!(inner(), Self::Other) => Self::Extension,
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }
}

/// Whether a type called `Authorized` is the one of `requires_auth`. One without `AuthInfo` in it may
/// be the user's own.
fn names_guard(path: &TypePath, arguments: &PathArguments) -> bool {
    let mut segments = path.path.segments.iter();
    let is_emitted = segments.clone().any(|segment| segment.ident == "requires_auth_expansion");
    let is_of_this_crate = segments.any(|segment| segment.ident == "requires_auth");
    !is_emitted && (is_of_this_crate || contains_ident(arguments.to_token_stream(), "AuthInfo"))
}

/// Whether a word is anywhere in the tokens.
pub(super) fn contains_ident(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(name) => name == word,
        TokenTree::Group(group) => contains_ident(group.stream(), word),
        _ => false,
    })
}

/// The type that the argument should have.
pub(super) fn expected_type(optional: bool) -> &'static str {
    if optional { "Option<AuthInfo>" } else { "AuthInfo" }
}

/// The error of [`CallerType::Indirect`].
pub(super) fn report_indirect(
    argument: &PatType,
    what: &str,
    optional: bool,
    errors: &mut Diagnostics,
) {
    errors.error(
        &argument.ty,
        format_args!("the caller cannot be received behind {what}"),
        format_args!("write `{}`; it is cheap to clone", expected_type(optional)),
    );
}

/// The error of [`CallerType::Guard`].
pub(super) fn report_guard(argument: &PatType, optional: bool, errors: &mut Diagnostics) {
    let name = match &*argument.pat {
        Pat::Struct(_) | Pat::TupleStruct(_) => "auth".to_owned(),
        pattern => name_or_auth(Some(pattern)),
    };
    errors.error(
        &argument.ty,
        "the attribute writes the type `Authorized` itself",
        format_args!("write `{name}: {}`", expected_type(optional)),
    );
}

/// Reports a type in which no caller can be received, whatever the names in it stand for.
pub(super) fn check_kind(ty: &Type, optional: bool, errors: &mut Diagnostics) {
    let has_kind = match ty {
        Type::Path(_) => !contains_ident(ty.to_token_stream(), "impl"),
        Type::Macro(_) | Type::Verbatim(_) => true,
        Type::Paren(inner) => return check_kind(&inner.elem, optional, errors),
        Type::Group(inner) => return check_kind(&inner.elem, optional, errors),
        _ => false,
    };
    if !has_kind {
        let help = format!("write `{}`", expected_type(optional));
        errors.error(ty, "an argument of this type cannot receive the caller", help);
    }
}
