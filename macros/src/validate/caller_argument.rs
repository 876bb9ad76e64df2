//! Finds and checks the argument that receives the caller.

use syn::{Attribute, FnArg, Meta, PatType, Signature};

use super::caller_type::{CallerType, check_kind, report_guard, report_indirect};
use super::no_caller_argument;
use super::pattern::{inner_name, some_pattern};
use crate::diagnostics::Diagnostics;
use crate::parse::arguments::Arguments;
use crate::parse::attribute::{has_name, is_auth_marker};

/// The argument that receives the caller, and those that are meant to, but cannot.
pub(super) struct CallerArgument {
    /// Its position, if there is one.
    pub(super) position: Option<usize>,
    /// Whether the guard lets requests without a token through.
    pub(super) optional: bool,
    /// The positions of arguments with errors.
    pub(super) unusable: Vec<usize>,
}

impl CallerArgument {
    /// Where an argument receives the caller, or is meant to.
    pub(super) fn all_positions(self) -> Vec<usize> {
        let Self { position, mut unusable, .. } = self;
        unusable.extend(position.filter(|position| !unusable.contains(position)));
        unusable
    }
}

pub(super) fn find(signature: &Signature, arguments: &Arguments) -> (CallerArgument, Diagnostics) {
    let mut errors = Diagnostics::default();
    let mut unusable = Vec::new();
    for (position, argument) in signature.inputs.iter().enumerate() {
        let found = check_markers(argument);
        if !found.is_empty() && matches!(argument, FnArg::Typed(_)) {
            unusable.push(position);
        }
        errors.extend(found);
    }
    let candidates = candidates(signature);
    for (position, further) in candidates.iter().skip(1) {
        unusable.push(*position);
        errors.error(
            &further.ty,
            "the caller is received twice",
            "keep one argument for the caller; `AuthInfo` is cheap to clone",
        );
    }
    let Some((position, argument)) = candidates.first().copied() else {
        let (positions, found) = no_caller_argument::check(signature, arguments.optional);
        unusable.extend(positions);
        errors.extend(found);
        let caller = CallerArgument { position: None, optional: arguments.optional, unusable };
        return (caller, errors);
    };
    let found = check_argument(argument, arguments);
    if !found.is_empty() {
        unusable.push(position);
    }
    errors.extend(found);
    let optional = arguments.optional || may_be_optional(argument, arguments);
    (CallerArgument { position: Some(position), optional, unusable }, errors)
}

fn check_markers(argument: &FnArg) -> Diagnostics {
    let mut errors = Diagnostics::default();
    let (attributes, is_receiver) = match argument {
        FnArg::Receiver(receiver) => (&receiver.attrs, true),
        FnArg::Typed(argument) => (&argument.attrs, false),
    };
    let markers: Vec<&Attribute> =
        attributes.iter().filter(|attribute| is_auth_marker(attribute)).collect();
    for marker in &markers {
        if is_receiver {
            errors.error(marker, "`self` cannot receive the caller", "mark an argument");
        }
        if !matches!(marker.meta, Meta::Path(_)) {
            errors.error(marker, "`#[auth]` takes no arguments", "write `#[auth]` alone");
        }
    }
    if let Some(further) = markers.get(1) {
        errors.error(further, "`#[auth]` is given twice", "keep one");
    }
    errors
}

/// The arguments that are marked with `#[auth]`, or, without a marker, those whose type names
/// `AuthInfo`; each with its position.
fn candidates(signature: &Signature) -> Vec<(usize, &PatType)> {
    let typed = || {
        signature.inputs.iter().enumerate().filter_map(|(position, argument)| match argument {
            FnArg::Typed(argument) => Some((position, argument)),
            FnArg::Receiver(_) => None,
        })
    };
    let is_marked = |(_, argument): &(usize, &PatType)| argument.attrs.iter().any(is_auth_marker);
    let names_caller = |(_, argument): &(usize, &PatType)| {
        matches!(CallerType::of(&argument.ty), CallerType::Required | CallerType::Optional)
    };
    let marked: Vec<_> = typed().filter(is_marked).collect();
    if marked.is_empty() { typed().filter(names_caller).collect() } else { marked }
}

fn check_argument(argument: &PatType, arguments: &Arguments) -> Diagnostics {
    let mut errors = Diagnostics::default();
    check_type(argument, arguments, &mut errors);
    if errors.is_empty() {
        check_pattern(argument, &mut errors);
    }
    check_attributes(argument, &mut errors);
    errors
}

fn check_type(argument: &PatType, arguments: &Arguments, errors: &mut Diagnostics) {
    match (CallerType::of(&argument.ty), arguments.optional) {
        (CallerType::Optional, false) if may_be_optional(argument, arguments) => {}
        (CallerType::Optional, false) => {
            let message =
                "every caller of this function has a token, so there is always an `AuthInfo`";
            match some_pattern(argument) {
                Some(pattern) => {
                    let name = inner_name(pattern);
                    errors.error(argument, message, format_args!("write `{name}: AuthInfo`"));
                }
                None => errors.error(
                    &argument.ty,
                    message,
                    "write `AuthInfo`; `optional` in the function's own `#[requires_auth]` lets requests \
                     without a token through",
                ),
            }
        }
        (CallerType::Required, true) => errors.error(
            &argument.ty,
            "with `optional` there may be no caller",
            "write `Option<AuthInfo>`",
        ),
        (CallerType::Indirect(what), optional) => report_indirect(argument, what, optional, errors),
        (CallerType::Guard, optional) => report_guard(argument, optional, errors),
        (CallerType::Other, optional) => check_kind(&argument.ty, optional, errors),
        _ => {}
    }
}

/// Whether `optional` may be one of the attribute's arguments that did not parse. A misspelled
/// `optional` is one error, not two.
fn may_be_optional(argument: &PatType, arguments: &Arguments) -> bool {
    arguments.has_errors && matches!(CallerType::of(&argument.ty), CallerType::Optional)
}

fn check_pattern(argument: &PatType, errors: &mut Diagnostics) {
    if let Some(pattern) = some_pattern(argument) {
        let name = inner_name(pattern);
        errors.error(
            pattern,
            "this pattern does not match a request without a token",
            format_args!("write `{name}: Option<AuthInfo>`, and match it in the function"),
        );
    }
}

/// The guard evaluates a `#[cfg]` on its argument, and stays where it is false. A `#[cfg_attr]` may
/// contain a `#[cfg]` that would remove the guard too.
fn check_attributes(argument: &PatType, errors: &mut Diagnostics) {
    for attribute in argument.attrs.iter().filter(|attribute| has_name(attribute, "cfg_attr")) {
        errors.error(
            attribute,
            "`#[cfg_attr]` cannot stand on the argument that receives the caller",
            "write the attribute without a condition, or put `#[cfg]` there",
        );
    }
}
