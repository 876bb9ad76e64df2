//! Checks `scopes_from = …` against the signature.

use proc_macro2::Ident;
use syn::{FnArg, PatType, Signature, Type};

use super::pattern::variables;
use crate::diagnostics::Diagnostics;
use crate::features::Features;
use crate::parse::arguments::ScopesFrom;
use crate::parse::attribute::{has_name, is_tool_or_prompt};
use crate::parse::function::Function;

/// What the function of `scopes_from` takes.
pub(crate) struct ScopesFromPlan {
    /// The variables that are passed by reference.
    pub(crate) variables: Vec<Ident>,
    /// In a tool or a prompt, the argument with its parameters.
    pub(crate) parameters: Option<PatType>,
}

/// `not_passed`: the positions of the arguments that the guard fills.
pub(super) fn check(
    function: &Function,
    scopes_from: &ScopesFrom,
    not_passed: &[usize],
    features: Features,
) -> (ScopesFromPlan, Diagnostics) {
    let mut errors = Diagnostics::default();
    let is_route = features.rmcp && function.attributes.iter().any(is_tool_or_prompt);
    let taken = taken(&function.signature, not_passed, is_route);
    for argument in &taken {
        if let Some(cfg) = argument.attrs.iter().find(|it| has_name(it, "cfg")) {
            errors.error(
                cfg,
                "an argument of the function in `scopes_from` cannot depend on a `#[cfg]`",
                "write `#[cfg(…)]` on the whole function, once for each case",
            );
        }
    }
    report_hidden_function(&function.signature, scopes_from, &mut errors);
    let all: Vec<Ident> = taken.iter().flat_map(|argument| variables(&argument.pat)).collect();
    let parameters = taken.first().filter(|_| is_route).map(|argument| (*argument).clone());
    let variables = match &scopes_from.names {
        _ if all.is_empty() => {
            report_no_arguments(function, scopes_from, is_route, &mut errors);
            Vec::new()
        }
        Some(names) if names.is_empty() => {
            let path = scopes_from.path_text();
            errors.error(
                &scopes_from.tokens,
                "the function in `scopes_from` takes at least one argument",
                format_args!(
                    "write `scopes_from = {path}`, or `scopes_from = {path}({})`",
                    list(&all)
                ),
            );
            Vec::new()
        }
        Some(names) => {
            for name in names.iter().filter(|name| !all.contains(name)) {
                report_unknown_name(function, name, not_passed, is_route, &all, &mut errors);
            }
            names.clone()
        }
        None => {
            let data = taken.iter().filter(|argument| !is_state(&argument.ty));
            let data: Vec<Ident> = data.flat_map(|argument| variables(&argument.pat)).collect();
            if data.is_empty() {
                report_no_arguments(function, scopes_from, is_route, &mut errors);
            }
            data
        }
    };
    (ScopesFromPlan { variables, parameters }, errors)
}

/// Reports a name that is no argument which can be passed. `self` can be, where the function has one when it decides.
fn report_unknown_name(
    function: &Function,
    name: &Ident,
    not_passed: &[usize],
    is_route: bool,
    all: &[Ident],
    errors: &mut Diagnostics,
) {
    let signature = &function.signature;
    let is_of_guard = |argument: &FnArg| match argument {
        FnArg::Typed(argument) => variables(&argument.pat).contains(name),
        FnArg::Receiver(_) => false,
    };
    let of_guard = not_passed.iter().filter_map(|position| signature.inputs.get(*position));
    if name == "self" && signature.receiver().is_some() {
        if is_route {
            errors.error(
                name,
                "the layer decides before there is a `self`",
                "remove `self` here, and from the function in `scopes_from`",
            );
        }
    } else if of_guard.into_iter().any(is_of_guard) {
        errors.error(
            name,
            format_args!("`{name}` comes from the guard, and is not passed"),
            "remove it here, and from the function; a condition on the caller is `when = …`",
        );
    } else {
        let function = &signature.ident;
        let message = if is_route {
            format!("the `Parameters` of `{function}` bind no variable `{name}`")
        } else {
            format!("`{function}` has no argument `{name}` that can be passed")
        };
        errors.error(name, message, format_args!("the arguments are `{}`", list(all)));
    }
}

/// Reports an argument that has the name of the function: in the body, the name means the argument.
fn report_hidden_function(
    signature: &Signature,
    scopes_from: &ScopesFrom,
    errors: &mut Diagnostics,
) {
    let path = &scopes_from.path;
    let Some(name) = path.path.get_ident().filter(|_| path.qself.is_none()) else { return };
    let hides = |argument: &FnArg| match argument {
        FnArg::Typed(argument) => variables(&argument.pat).contains(name),
        FnArg::Receiver(_) => false,
    };
    if signature.inputs.iter().any(hides) {
        errors.error(
            name,
            format_args!("an argument of `{}` is also called `{name}`", signature.ident),
            format_args!("write `self::{name}` for the function, or rename the argument"),
        );
    }
}

/// The arguments whose variables can be passed: of a tool or a prompt only the parameters, since nothing else is
/// there before the function is called.
fn taken<'s>(signature: &'s Signature, not_passed: &[usize], is_route: bool) -> Vec<&'s PatType> {
    let arguments = signature.inputs.iter().enumerate();
    let mut typed = arguments.filter_map(|(position, argument)| match argument {
        FnArg::Typed(argument) if !not_passed.contains(&position) => Some(argument),
        _ => None,
    });
    if is_route {
        typed.find(|argument| is_parameters(&argument.ty)).into_iter().collect()
    } else {
        typed.collect()
    }
}

/// Whether the argument is the state of the router, which is no part of the request.
fn is_state(ty: &Type) -> bool {
    match ty {
        Type::Group(inner) => is_state(&inner.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "State"),
        _ => false,
    }
}

/// The macros of rmcp use the same rule.
fn is_parameters(ty: &Type) -> bool {
    match ty {
        Type::Group(inner) => is_parameters(&inner.elem),
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| last.ident == "Parameters")
        }
        _ => false,
    }
}

fn report_no_arguments(
    function: &Function,
    scopes_from: &ScopesFrom,
    is_route: bool,
    errors: &mut Diagnostics,
) {
    let name = &function.signature.ident;
    let (message, help) = if is_route {
        (
            format!("`{name}` has no parameters that its scopes could depend on"),
            "add an argument such as `Parameters(entry): Parameters<Entry>`, or write the scopes as `scopes = …`",
        )
    } else {
        (
            format!("`{name}` has no arguments that its scopes could depend on"),
            "add an argument such as `Path(id): Path<u64>`, or write the scopes as `scopes = …`",
        )
    };
    errors.error(&scopes_from.tokens, message, help);
}

fn list(names: &[Ident]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
