//! Checks of the signature, and which argument receives the caller.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericArgument, GenericParam, Meta, Pat, PatType, Path, PathArguments,
    ReturnType, Signature, Type,
};

use crate::diagnostics::Diagnostics;
use crate::parse::arguments::Arguments;
use crate::parse::attribute::{cfg_attr_may_add, has_name, is_auth_marker};
use crate::parse::function::Function;

/// What the checks have found out about the arguments.
#[derive(Default)]
pub(crate) struct Findings {
    /// The position of the argument that receives the caller, if there is one.
    pub(crate) injection: Option<usize>,
    /// The positions of arguments that are meant to receive the caller, but cannot.
    pub(crate) misplaced: Vec<usize>,
    /// Whether the signature may not change: no framework calls this function.
    pub(crate) fixed: bool,
}

pub(crate) fn check(
    function: &Function,
    arguments: &mut Arguments,
    diagnostics: &mut Diagnostics,
) -> Findings {
    let mut findings = Findings::default();
    let before = diagnostics.count();
    check_fixed_kind(function, diagnostics);
    check_attributes(&function.attributes, diagnostics);
    check_unguarded(&function.signature, diagnostics);
    findings.fixed = diagnostics.count() > before;
    check_kind(function, diagnostics);
    let found = find_injection(&function.signature, &mut findings, diagnostics);
    match found {
        Some((position, argument)) => {
            let before = diagnostics.count();
            check_type(argument, arguments, diagnostics);
            if diagnostics.count() == before {
                check_pattern(argument, diagnostics);
            }
            check_attributes_of_argument(argument, diagnostics);
            if diagnostics.count() > before {
                findings.misplaced.push(position);
            }
            findings.injection = Some(position);
        }
        None => {
            let optional = arguments.optional.is_some();
            check_absence(&function.signature, optional, &mut findings, diagnostics);
        }
    }
    findings
}

/// Functions that no framework calls, or whose signature is not theirs to change.
fn check_fixed_kind(function: &Function, diagnostics: &mut Diagnostics) {
    let signature = &function.signature;
    if !function.has_body() {
        diagnostics.error(
            &signature.ident,
            "a function without a body cannot be guarded",
            "put `#[requires_auth]` on the function that does the work",
        );
    }
    if let Some(variadic) = &signature.variadic {
        diagnostics.error(
            variadic.dots,
            "a function with any number of arguments cannot be guarded",
            "name its arguments",
        );
    }
    if starts_the_program(function) {
        diagnostics.error(
            &signature.ident,
            "`main` cannot be guarded: it answers no request",
            "put `#[requires_auth]` on the functions that answer requests",
        );
    }
    let boxed = |parameter: &GenericParam| match parameter {
        GenericParam::Lifetime(lifetime) => lifetime.lifetime.ident == "async_trait",
        _ => false,
    };
    if signature.generics.params.iter().any(boxed) {
        diagnostics.error(
            &signature.ident,
            "a method of an `#[async_trait]` trait cannot be guarded: its signature is the trait's",
            "guard the function that calls it, or let the trait take an `AuthInfo` and call \
             `auth.require(\"…\")?` in the method",
        );
    }
}

/// What can be left out of the signature.
fn check_kind(function: &Function, diagnostics: &mut Diagnostics) {
    let signature = &function.signature;
    if let Some(constness) = &signature.constness {
        diagnostics.error(
            constness,
            "a `const fn` cannot be guarded",
            "write `async` in its place, or remove it",
        );
    }
    if let Some(abi) = &signature.abi {
        diagnostics.error(
            abi,
            "a function with a foreign calling convention cannot be guarded",
            "guard the Rust function that it calls",
        );
    }
}

/// In a module a handler may be called `main` too: this one is synchronous or has a runtime of its
/// own, takes nothing, and returns nothing that a framework could wait for.
fn starts_the_program(function: &Function) -> bool {
    let Function { signature, attributes, .. } = function;
    let has_a_runtime = attributes.iter().any(|attribute| ends_in(attribute.path(), &["main"]));
    let returns_at_the_end = match &signature.output {
        ReturnType::Default => true,
        ReturnType::Type(_, output) => matches!(&**output, Type::Path(output)
            if ends_in(&output.path, &["Result", "ExitCode"])),
    };
    signature.ident == "main"
        && signature.inputs.is_empty()
        && (has_a_runtime || signature.asyncness.is_none() && returns_at_the_end)
}

fn ends_in(path: &Path, names: &[&str]) -> bool {
    path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

fn check_attributes(attributes: &[Attribute], diagnostics: &mut Diagnostics) {
    for attribute in attributes {
        let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        match last.as_deref() {
            Some("requires_auth") => already_guarded(attribute, diagnostics),
            _ if cfg_attr_may_add(attribute, "requires_auth") => {
                already_guarded(attribute, diagnostics)
            }
            Some("test") => diagnostics.error(
                attribute,
                "a test cannot be guarded: it answers no request",
                "guard a function, and call it in the test with `caller.try_into()?`",
            ),
            _ => {}
        }
    }
}

fn already_guarded(place: impl ToTokens, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        place,
        "a function takes one `#[requires_auth]`",
        "write all scopes into one of them, as in `scopes = all(\"read\", any(\"a\", \"b\"))`",
    );
}

/// Another `#[requires_auth]`, perhaps under another name, may have been here already.
fn check_unguarded(signature: &Signature, diagnostics: &mut Diagnostics) {
    for argument in &signature.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let Type::Path(path) = &*argument.ty else { continue };
        let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
        let guard = names.next().is_some_and(|name| name == "Authorized")
            && names.next().is_some_and(|name| name == "requires_auth_expansion");
        if guard {
            already_guarded(&signature.ident, diagnostics);
        }
    }
}

fn find_injection<'a>(
    signature: &'a Signature,
    findings: &mut Findings,
    diagnostics: &mut Diagnostics,
) -> Option<(usize, &'a PatType)> {
    check_markers(signature, findings, diagnostics);
    let typed = || {
        signature.inputs.iter().enumerate().filter_map(|(position, argument)| match argument {
            FnArg::Typed(argument) => Some((position, argument)),
            FnArg::Receiver(_) => None,
        })
    };
    // A marker overrules the name of the type.
    let marked = |(_, argument): &(usize, &PatType)| argument.attrs.iter().any(is_auth_marker);
    let named = |(_, argument): &(usize, &PatType)| {
        matches!(caller_type_of(&argument.ty), CallerType::Plain | CallerType::Optional)
    };
    let mut found: Vec<_> = typed().filter(marked).collect();
    if found.is_empty() {
        found = typed().filter(named).collect();
    }
    for (position, further) in found.iter().skip(1) {
        findings.misplaced.push(*position);
        diagnostics.error(
            &further.ty,
            "the caller is received twice",
            "keep one argument for the caller; `AuthInfo` is cheap to clone",
        );
    }
    found.first().copied()
}

fn check_markers(signature: &Signature, findings: &mut Findings, diagnostics: &mut Diagnostics) {
    for (position, argument) in signature.inputs.iter().enumerate() {
        let before = diagnostics.count();
        let (attributes, receiver) = match argument {
            FnArg::Receiver(receiver) => (&receiver.attrs, true),
            FnArg::Typed(argument) => (&argument.attrs, false),
        };
        let markers: Vec<&Attribute> =
            attributes.iter().filter(|attribute| is_auth_marker(attribute)).collect();
        for marker in &markers {
            if receiver {
                diagnostics.error(marker, "`self` cannot receive the caller", "mark an argument");
            }
            if !matches!(marker.meta, Meta::Path(_)) {
                diagnostics.error(marker, "`#[auth]` takes no arguments", "write `#[auth]` alone");
            }
        }
        if let Some(further) = markers.get(1) {
            diagnostics.error(further, "`#[auth]` is given twice", "keep one");
        }
        if diagnostics.count() > before && !receiver {
            findings.misplaced.push(position);
        }
    }
}

fn check_type(argument: &PatType, arguments: &mut Arguments, diagnostics: &mut Diagnostics) {
    match (caller_type_of(&argument.ty), arguments.optional.is_some()) {
        (CallerType::Optional, false) if arguments.has_errors => {
            // A misspelled `optional` is one mistake, not two.
            arguments.optional = Some(argument.ty.span());
        }
        (CallerType::Optional, false) => {
            let message =
                "every caller of this function has a token, so there is always an `AuthInfo`";
            match name_in_some(argument) {
                Some(name) => {
                    diagnostics.error(argument, message, format_args!("write `{name}: AuthInfo`"));
                }
                None => diagnostics.error(
                    &argument.ty,
                    message,
                    "write `AuthInfo`; the argument `optional` of the attribute lets requests \
                     without a token through",
                ),
            }
        }
        (CallerType::Plain, true) => diagnostics.error(
            &argument.ty,
            "with `optional` there may be no caller",
            "write `Option<AuthInfo>`",
        ),
        (CallerType::Behind(what), optional) => behind(argument, what, optional, diagnostics),
        _ => {}
    }
}

fn check_pattern(argument: &PatType, diagnostics: &mut Diagnostics) {
    if let Pat::TupleStruct(pattern) = &*argument.pat
        && ends_in(&pattern.path, &["Some"])
    {
        let name = name_in_some(argument).unwrap_or_else(|| "auth".to_owned());
        diagnostics.error(
            pattern,
            "this pattern does not match a request without a token",
            format_args!("write `{name}: Option<AuthInfo>`, and match it in the function"),
        );
    }
}

/// The name in a pattern `Some(name)`.
fn name_in_some(argument: &PatType) -> Option<String> {
    match &*argument.pat {
        Pat::TupleStruct(pattern) if ends_in(&pattern.path, &["Some"]) => {
            Some(inner_name(pattern.elems.first()))
        }
        _ => None,
    }
}

fn inner_name(pattern: Option<&Pat>) -> String {
    match pattern {
        Some(Pat::Ident(inner)) => inner.ident.to_string(),
        _ => "auth".to_owned(),
    }
}

/// An attribute that may take the argument away must not take the guard with it.
fn check_attributes_of_argument(argument: &PatType, diagnostics: &mut Diagnostics) {
    for attribute in argument.attrs.iter().filter(|attribute| has_name(attribute, "cfg_attr")) {
        diagnostics.error(
            attribute,
            "`#[cfg_attr]` cannot stand on the argument that receives the caller",
            "write the attribute without a condition, or put `#[cfg]` there",
        );
    }
}

fn check_absence(
    signature: &Signature,
    optional: bool,
    findings: &mut Findings,
    diagnostics: &mut Diagnostics,
) {
    let mut guessed = false;
    for (position, argument) in signature.inputs.iter().enumerate() {
        let FnArg::Typed(argument) = argument else { continue };
        match caller_type_of(&argument.ty) {
            CallerType::Behind(what) => behind(argument, what, optional, diagnostics),
            CallerType::InExtension => in_extension(argument, optional, diagnostics),
            _ => continue,
        }
        findings.misplaced.push(position);
        guessed = true;
    }
    if !optional || guessed {
        return;
    }
    let typed = signature.inputs.iter().enumerate().filter_map(|it| match it {
        (position, FnArg::Typed(argument)) => Some((position, argument)),
        (_, FnArg::Receiver(_)) => None,
    });
    let nested =
        typed.clone().find(|(_, argument)| names_the_caller(argument.ty.to_token_stream()));
    if let Some((position, argument)) = nested {
        findings.misplaced.push(position);
        let message = "with `optional` the caller is received as an `Option<AuthInfo>`";
        return diagnostics.error(&argument.ty, message, "write `Option<AuthInfo>`");
    }
    let option = typed.clone().find_map(|(_, argument)| option_of_a_name(argument));
    let message = "with `optional` the function must find out whether there is a caller";
    match option {
        Some(argument) => {
            let place = argument.ty.to_token_stream();
            diagnostics.error(
                &argument.ty,
                message,
                format_args!(
                    "if `{}` is an `Option<AuthInfo>`, mark the argument with `#[auth]`; otherwise \
                     add an argument `auth: Option<AuthInfo>`",
                    place.to_string().replace(' ', "")
                ),
            );
        }
        None => diagnostics.error(
            &signature.ident,
            message,
            "add an argument `auth: Option<AuthInfo>`, or remove `optional`",
        ),
    }
}

/// `Option<Caller>`, which may be the alias of an `Option<AuthInfo>`.
fn option_of_a_name(argument: &PatType) -> Option<&PatType> {
    let Type::Path(path) = &*argument.ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    let Some(GenericArgument::Type(Type::Path(inner))) = generics.args.first() else { return None };
    let inner = inner.path.segments.last()?;
    (last.ident == "Option" && inner.arguments.is_none()).then_some(argument)
}

/// Whether `AuthInfo` is anywhere in a type.
fn names_the_caller(ty: TokenStream) -> bool {
    ty.into_iter().any(|tree| match tree {
        TokenTree::Ident(name) => name == "AuthInfo",
        TokenTree::Group(group) => names_the_caller(group.stream()),
        _ => false,
    })
}

/// The type of the argument that receives the caller.
fn caller_type(optional: bool) -> &'static str {
    if optional { "Option<AuthInfo>" } else { "AuthInfo" }
}

fn behind(argument: &PatType, what: &str, optional: bool, diagnostics: &mut Diagnostics) {
    diagnostics.error(
        &argument.ty,
        format_args!("the caller cannot be received behind {what}"),
        format_args!("write `{}`; it is cheap to clone", caller_type(optional)),
    );
}

/// A layer may put a caller into the extensions, but the guard does not.
fn in_extension(argument: &PatType, optional: bool, diagnostics: &mut Diagnostics) {
    let name = match &*argument.pat {
        Pat::TupleStruct(pattern) => inner_name(pattern.elems.first()),
        pattern => inner_name(Some(pattern)),
    };
    let help = format!("write `{name}: {}`", caller_type(optional));
    diagnostics.error(argument, "the guard puts no caller into the request's extensions", help);
}

/// How a type names `AuthInfo`. The name decides only which argument is meant; that it is the
/// right type is for the compiler to check.
enum CallerType {
    Plain,
    Optional,
    /// Behind a reference or a pointer, which no framework could fill.
    Behind(&'static str),
    /// From the request's extensions, which have none. In other extractors a type of that name is the
    /// user's own.
    InExtension,
    None,
}

fn caller_type_of(ty: &Type) -> CallerType {
    match ty {
        Type::Paren(inner) => caller_type_of(&inner.elem),
        Type::Group(inner) => caller_type_of(&inner.elem),
        Type::Reference(inner) => match caller_type_of(&inner.elem) {
            found @ (CallerType::None | CallerType::InExtension) => found,
            _ => CallerType::Behind("a reference"),
        },
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return CallerType::None };
            let inner = || match &last.arguments {
                PathArguments::AngleBracketed(generics) => match generics.args.first() {
                    Some(GenericArgument::Type(ty)) => caller_type_of(ty),
                    _ => CallerType::None,
                },
                _ => CallerType::None,
            };
            match (last.ident.to_string().as_str(), &last.arguments) {
                ("AuthInfo", PathArguments::None) => CallerType::Plain,
                ("Option", _) if matches!(inner(), CallerType::Plain) => CallerType::Optional,
                ("Arc" | "Rc" | "Box", _) if !matches!(inner(), CallerType::None) => {
                    CallerType::Behind("a pointer")
                }
                ("Option", _) if matches!(inner(), CallerType::Behind(_)) => inner(),
                ("Extension", _) if !matches!(inner(), CallerType::None) => CallerType::InExtension,
                _ => CallerType::None,
            }
        }
        _ => CallerType::None,
    }
}
