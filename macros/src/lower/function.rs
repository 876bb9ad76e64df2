//! Emits a function as its plan says.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{FnArg, PatType};

use super::details;
use super::fallback::{caller_type, replace_arguments, replace_const_and_abi};
use super::guard_argument::GuardArgument;
use super::manifest::registration;
use super::openapi;
use super::permits;
use super::policy_type::Policy;
use super::prologue::{
    attribute_order_check, caller_type_check, may_contain_items, vocabulary_check,
};
use super::request_guard;
use super::returned::Returned;
use super::rmcp_meta::append_policy;
use super::scopes_from::ArgumentScopes;
use super::shared_caller::may_extract_caller;
use super::when::{self, Auth};
use crate::features::Features;
use crate::parse::arguments::Arguments;
use crate::parse::async_trait::take_patterns;
use crate::parse::function::Function;
use crate::validate::{FunctionPlan, RequestSource};

// Input:  async fn create(Json(entry): Json<NewEntry>, auth: AuthInfo) -> R { … }
// Output: async fn create(
//             Authorized { caller: auth, .. }: Authorized<Policy, AuthInfo>,
//             Json(entry): Json<NewEntry>,
//         ) -> R {
//             register_function! { Handler Policy } // With the feature `manifest`.
//             receives_the_caller::<AuthInfo>();
//             …
//         }
pub(crate) fn lower_function(
    function: Function,
    arguments: &Arguments,
    plan: FunctionPlan,
    features: Features,
) -> TokenStream {
    let (function, caller, optional) = match plan {
        FunctionPlan::Guarded { caller, optional, source, scopes_from, permits, details } => {
            let declared = arguments.scopes_from.as_ref();
            let conditions = Conditions {
                scopes_from: declared
                    .zip(scopes_from)
                    .map(|(declared, plan)| ArgumentScopes { declared, plan }),
                when: arguments.when.as_ref(),
                source,
            };
            let received = details.iter().filter_map(|it| function.signature.inputs.get(*it));
            let received = received.filter_map(|argument| match argument {
                FnArg::Typed(argument) => Some(argument),
                FnArg::Receiver(_) => None,
            });
            let received = details::further_types(received, &arguments.token.authorization_details);
            let policy = Policy::new(arguments, optional, &function.signature.ident, features)
                .receiving(received);
            let registration =
                features.manifest.then(|| registration(&function, &policy, arguments));
            let filled: Vec<usize> = permits.iter().chain(&details).copied().collect();
            let caller = position_without(caller, &filled);
            let mut function = function;
            // Each position is counted without the arguments that are taken before.
            let details: Vec<usize> =
                details.iter().filter_map(|it| position_without(Some(*it), &permits)).collect();
            let permits = permits::take(&mut function.signature, &permits);
            let details = permits::take(&mut function.signature, &details);
            let from_guard = FromGuard { permits, details };
            let guarded = guard(function, &policy, caller, &conditions, &from_guard, features);
            return guarded
                .with_first_statement(registration.unwrap_or_default())
                .into_token_stream();
        }
        FunctionPlan::GuardedFallback { caller, optional, unusable } => {
            let function = replace_const_and_abi(function);
            let function =
                replace_arguments(function, &unusable, &caller_type(arguments, optional));
            (function, position_without(caller, &unusable), optional)
        }
        FunctionPlan::UnguardedFallback { removed } => {
            let caller_type = caller_type(arguments, arguments.optional);
            return replace_arguments(function, &removed, &caller_type).into_token_stream();
        }
    };
    let policy = Policy::new(arguments, optional, &function.signature.ident, features);
    // Nothing compiles, and a condition could only add a second error.
    guard(function, &policy, caller, &Conditions::default(), &FromGuard::default(), features)
        .into_token_stream()
}

/// What is decided when the arguments are there.
#[derive(Default)]
struct Conditions<'a> {
    scopes_from: Option<ArgumentScopes<'a>>,
    when: Option<&'a TokenStream>,
    /// What a statement authorizes with, where no extractor guards the function.
    source: Option<RequestSource>,
}

/// The arguments that the guard fills besides the caller.
#[derive(Default)]
struct FromGuard {
    permits: Vec<PatType>,
    details: Vec<PatType>,
}

/// The position of an argument after others are removed, unless it is one of them.
fn position_without(position: Option<usize>, removed: &[usize]) -> Option<usize> {
    let position = position.filter(|position| !removed.contains(position))?;
    Some((0..position).filter(|before| !removed.contains(before)).count())
}

/// Replaces the argument `caller` by the guard: by the first argument of the function, or where the attribute names the
/// request, by a statement.
fn guard(
    function: Function,
    policy: &Policy<'_>,
    caller: Option<usize>,
    conditions: &Conditions<'_>,
    from_guard: &FromGuard,
    features: Features,
) -> Function {
    let mut function = function;
    let Conditions { scopes_from, when, source } = conditions;
    let order_check = match source {
        Some(_) => None,
        None => attribute_order_check(&function, policy, features),
    };
    let mut type_check = None;
    let shared = source.is_some() || may_extract_caller(&function.signature, caller);
    let auth = Auth::of(&function.signature, caller);
    let returned = match source {
        Some(_) => Returned::by_future(&function.signature),
        None => Returned::by_function(&function.signature),
    };
    let condition = when.map(|when| when::statement(when, &auth, &returned, policy));
    let scopes =
        scopes_from.as_ref().map(|scopes| scopes.statement(&returned, policy, when.is_none()));
    let closure = scopes_from.as_ref().and_then(|scopes| scopes.closure(policy));
    let FromGuard { permits, details } = from_guard;
    let conditional = condition.is_some() || scopes.is_some() || !details.is_empty();
    let vocabulary_check = vocabulary_check(policy);
    let evidence = (!permits.is_empty()).then(permits::evidence);
    if (conditional || source.is_some() || evidence.is_some() || vocabulary_check.is_some())
        && may_contain_items(function.body())
    {
        // The statements are in front of them.
        function.attributes.push(syn::parse_quote!(#[allow(clippy::items_after_statements)]));
    }
    let binds_caller = condition.is_some() && matches!(auth, Auth::OfGuard);
    let guard = GuardArgument { policy, shared, conditional, binds_caller, evidence };
    let mut receiver = None;
    let mut guards = Vec::new();
    let mut others = Vec::new();
    let inputs = std::mem::take(&mut function.signature.inputs);
    for (position, input) in inputs.into_iter().enumerate() {
        match input {
            FnArg::Receiver(_) => receiver = Some(input),
            FnArg::Typed(argument) if caller == Some(position) => {
                type_check = Some(caller_type_check(&argument, policy, function.body()));
                guards = guard.with_caller(argument);
            }
            FnArg::Typed(_) => others.push(input),
        }
    }
    if guards.is_empty() {
        guards.push(guard.without_caller(Vec::new()));
    }
    let (arguments, guards) =
        if source.is_some() { (Vec::new(), guards) } else { (guards, Vec::new()) };
    function.signature.inputs = receiver.into_iter().chain(arguments).chain(others).collect();
    append_policy(&mut function.attributes, policy, closure.as_ref(), features);
    openapi::append_policy(&mut function.attributes, policy, features);
    let permits = permits.iter().filter_map(|permit| permits::statement(permit, &guard));
    let only_details = !details.is_empty() && scopes.is_none() && condition.is_none();
    let details = details
        .iter()
        .filter_map(|argument| details::statement(argument, policy.details(), &guard));
    let end = only_details.then(when::drop_denial);
    let decisions = details.chain(end).chain(scopes).chain(condition).chain(permits);
    function = match source {
        Some(source) => {
            let statement = |guard| request_guard::statement(guard, source, &returned, policy);
            let guards = guards.into_iter().map(statement);
            let patterns = take_patterns(&mut function.signature);
            let statements = std::iter::once(patterns).chain(guards).chain(decisions).collect();
            function.with_first_statement_of_future(statements)
        }
        None => {
            let decisions: TokenStream = decisions.collect();
            if decisions.is_empty() { function } else { function.with_first_statement(decisions) }
        }
    };
    // The last one is the first in the body.
    for statement in order_check.into_iter().chain(type_check).chain(vocabulary_check) {
        function = function.with_first_statement(statement);
    }
    function
}
