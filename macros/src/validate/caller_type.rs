//! How the type of an argument names `AuthInfo`.

use syn::{GenericArgument, PatType, PathArguments, Type};

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
    /// Any other type.
    Other,
}

impl CallerType {
    pub(super) fn of(ty: &Type) -> Self {
        match ty {
            Type::Paren(inner) => Self::of(&inner.elem),
            Type::Group(inner) => Self::of(&inner.elem),
            Type::Reference(inner) => match Self::of(&inner.elem) {
                found @ (Self::Other | Self::Extension) => found,
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
