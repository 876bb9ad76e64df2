//! Checks whether a function can be guarded at all.

use quote::ToTokens;
use syn::{Attribute, FnArg, Path, ReturnType, Signature, Type};

use super::caller_type::contains_ident;
use crate::diagnostics::Diagnostics;
use crate::parse::arguments::Arguments;
use crate::parse::async_trait;
use crate::parse::attribute::{cfg_attr_may_add, is_requires_auth};
use crate::parse::function::Function;

/// The errors of a function that no framework calls, or whose signature must stay as it is.
pub(super) fn check(function: &Function, arguments: &Arguments) -> Diagnostics {
    let mut errors = Diagnostics::default();
    check_kind(function, &mut errors);
    if !arguments.name_the_request() {
        check_async_trait(&function.signature, &mut errors);
    }
    check_attributes(&function.attributes, &mut errors);
    check_earlier_expansion(function, &mut errors);
    errors
}

fn check_kind(function: &Function, errors: &mut Diagnostics) {
    let signature = &function.signature;
    if !function.has_body() {
        errors.error(
            &signature.ident,
            "a function without a body cannot be guarded",
            "put `#[requires_auth]` on the function that does the work",
        );
    }
    if let Some(variadic) = &signature.variadic {
        errors.error(
            variadic.dots,
            "a function with any number of arguments cannot be guarded",
            "name its arguments",
        );
    }
    if is_program_main(function) {
        errors.error(
            &signature.ident,
            "`main` cannot be guarded: it answers no request",
            "put `#[requires_auth]` on the functions that answer requests",
        );
    }
}

/// `#[async_trait]` has expanded before, and the trait fixes the arguments.
fn check_async_trait(signature: &Signature, errors: &mut Diagnostics) {
    if async_trait::has_expanded(&signature.generics) {
        errors.error(
            &signature.ident,
            "a method of an `#[async_trait]` trait can be guarded only with `from` and `server`: its signature \
             is the trait's",
            "name the request and the resource server, as in `from = &request, server = &self.server`",
        );
    }
}

/// Whether this is the program's `main`. A handler in a module may have that name too. The
/// program's `main` takes no arguments, and either has an attribute such as `#[tokio::main]`, or is
/// synchronous and returns `()`, a `Result` or an `ExitCode`.
fn is_program_main(function: &Function) -> bool {
    let Function { signature, attributes, .. } = function;
    let has_runtime =
        attributes.iter().any(|attribute| last_segment_is(attribute.path(), &["main"]));
    let returns_exit_status = match &signature.output {
        ReturnType::Default => true,
        ReturnType::Type(_, output) => matches!(&**output, Type::Path(output)
            if last_segment_is(&output.path, &["Result", "ExitCode"])),
    };
    signature.ident == "main"
        && signature.inputs.is_empty()
        && (has_runtime || signature.asyncness.is_none() && returns_exit_status)
}

fn last_segment_is(path: &Path, names: &[&str]) -> bool {
    path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

/// Attributes that cannot stand on a guarded function.
fn check_attributes(attributes: &[Attribute], errors: &mut Diagnostics) {
    for attribute in attributes {
        let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
        match last.as_deref() {
            _ if is_requires_auth(attribute) => report_second_guard(attribute, errors),
            _ if cfg_attr_may_add(attribute, "requires_auth") => {
                report_second_guard(attribute, errors);
            }
            Some("test") => errors.error(
                attribute,
                "a test cannot be guarded: it answers no request",
                "guard a function, and call it in the test with `caller.try_into()?`",
            ),
            _ => {}
        }
    }
}

/// Another `#[requires_auth]`, perhaps imported under another name, may have expanded before this
/// one.
fn check_earlier_expansion(function: &Function, errors: &mut Diagnostics) {
    let signature = &function.signature;
    if contains_ident(function.body().clone(), "requires_auth_expansion") {
        return report_second_guard(&signature.ident, errors);
    }
    for argument in &signature.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let Type::Path(path) = &*argument.ty else { continue };
        let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
        let guard = names.next().is_some_and(|name| name == "Authorized" || name == "Conditional")
            && names.next().is_some_and(|name| name == "requires_auth_expansion");
        if guard {
            report_second_guard(&signature.ident, errors);
        }
    }
}

fn report_second_guard(place: impl ToTokens, errors: &mut Diagnostics) {
    errors.error(
        place,
        "a function takes one `#[requires_auth]`",
        "write all scopes into one of them, as in `scopes = all(\"read\", any(\"a\", \"b\"))`",
    );
}

/// The errors of qualifiers that a guarded function cannot have. The fallback leaves them out.
pub(super) fn check_qualifiers(function: &Function) -> Diagnostics {
    let mut errors = Diagnostics::default();
    let signature = &function.signature;
    if let Some(constness) = &signature.constness {
        errors.error(
            constness,
            "a `const fn` cannot be guarded",
            "write `async` in its place, or remove it",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.error(
            abi,
            "a function with a foreign calling convention cannot be guarded",
            "guard the Rust function that it calls",
        );
    }
    errors
}
