//! Checks a function, and plans how it is emitted.

use crate::diagnostics::Diagnostics;
use crate::features::Features;
use crate::parse::arguments::Arguments;
use crate::parse::function::Function;

use super::request_arguments::{self, RequestSource};
use super::scopes_from::{self, ScopesFromPlan};
use super::{caller_argument, details, guardable, permits, rmcp};

/// How a function is emitted. Numbers are positions of arguments, counted from `self`.
pub(crate) enum FunctionPlan {
    /// The guard takes the place of the argument `caller`; without one, it receives nothing. The arguments `permits`
    /// and `details` become variables of the body. With a `source`, the guard is a statement that authorizes the request.
    Guarded {
        caller: Option<usize>,
        optional: bool,
        source: Option<RequestSource>,
        scopes_from: Option<ScopesFromPlan>,
        permits: Vec<usize>,
        details: Vec<usize>,
    },
    /// Beside errors: guarded, with a signature that a framework accepts. The arguments `unusable`
    /// become variables of the body.
    GuardedFallback { caller: Option<usize>, optional: bool, unusable: Vec<usize> },
    /// Beside errors: without a guard, because the signature must stay as it is. The arguments
    /// `removed` become variables of the body.
    UnguardedFallback { removed: Vec<usize> },
}

/// Checks a function against the arguments of the attribute.
pub(crate) fn validate_function(
    function: &Function,
    arguments: &Arguments,
    features: Features,
) -> (FunctionPlan, Diagnostics) {
    let mut errors = guardable::check(function, arguments);
    let mut keeps_signature = !errors.is_empty();
    errors.extend(guardable::check_qualifiers(function));
    let (caller, caller_errors) = caller_argument::find(&function.signature, arguments);
    errors.extend(caller_errors);
    let (permits, permit_errors) = permits::find(&function.signature, caller.optional);
    errors.extend(permit_errors);
    let (details, detail_errors) = details::find(&function.signature, arguments, caller.optional);
    errors.extend(detail_errors);
    let not_passed = caller.position.into_iter().chain(permits.iter().chain(&details).copied());
    let not_passed: Vec<usize> = not_passed.collect();
    let scopes_from = arguments.scopes_from.as_ref().filter(|_| !arguments.has_errors);
    let scopes_from = scopes_from.map(|scopes_from| {
        let (plan, plan_errors) = scopes_from::check(function, scopes_from, &not_passed, features);
        errors.extend(plan_errors);
        plan
    });
    let rmcp_errors = rmcp::check(function, features);
    keeps_signature |= !rmcp_errors.is_empty();
    errors.extend(rmcp_errors);

    if arguments.name_the_request() {
        errors.extend(request_arguments::check(function, arguments));
        let source = RequestSource::of(arguments).filter(|_| errors.is_empty());
        let plan = match source.filter(|_| !arguments.has_errors) {
            Some(source) => FunctionPlan::Guarded {
                caller: caller.position,
                optional: caller.optional,
                source: Some(source),
                scopes_from,
                permits,
                details,
            },
            None => {
                let removed =
                    caller.all_positions().into_iter().chain(permits).chain(details).collect();
                FunctionPlan::UnguardedFallback { removed }
            }
        };
        return (plan, errors);
    }
    if !features.rmcp && rmcp::attribute_of_rmcp(function).is_some() {
        // A router of rmcp accepts no argument that receives the caller.
        let plan = FunctionPlan::UnguardedFallback { removed: caller.all_positions() };
        return (plan, errors);
    }
    let caller_argument::CallerArgument { position, optional, mut unusable } = caller;
    // The attribute does not say which details it requires.
    let is_unknown = arguments.has_errors && !details.is_empty();
    let plan = if errors.is_empty() && !is_unknown {
        FunctionPlan::Guarded {
            caller: position,
            optional,
            source: None,
            scopes_from,
            permits,
            details,
        }
    } else if rmcp::server_handler_context(function).is_some() {
        FunctionPlan::UnguardedFallback { removed: position.into_iter().collect() }
    } else if keeps_signature {
        FunctionPlan::UnguardedFallback { removed: Vec::new() }
    } else {
        unusable.extend(permits.into_iter().chain(details));
        FunctionPlan::GuardedFallback { caller: position, optional, unusable }
    };
    (plan, errors)
}
