//! The condition on the arguments: a statement in front of the body, which is left as it is.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Pat, Signature};

use super::evaluation::Evaluation;
use super::policy_type::Policy;
use super::returned::Returned;
use super::span::first_and_last_span;
use crate::parse::attribute::has_name;

/// The name of the variable that holds the [`Denial`] of the guard. Only what this crate emits sees it.
pub(super) fn denial() -> Ident {
    Ident::new("denial", Span::mixed_site())
}

/// The end of the [`denial`] of a function that can no longer be rejected by its guard.
pub(super) fn drop_denial() -> TokenStream {
    let denial = denial();
    quote!(::core::mem::drop(#denial);)
}

/// The name of the variable that holds the caller where no argument of the function does.
pub(super) fn caller() -> Ident {
    Ident::new("caller", Span::mixed_site())
}

/// What `auth` stands for in the expression.
pub(super) enum Auth {
    /// An argument of the function.
    Argument,
    /// The argument of this name, which receives the caller.
    SameAs(Ident),
    /// The variable [`caller`] of the guard.
    OfGuard,
}

impl Auth {
    /// `caller`: the position of the argument that receives the caller.
    pub(super) fn of(signature: &Signature, caller: Option<usize>) -> Self {
        let patterns = signature.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(&argument.pat),
            FnArg::Receiver(_) => None,
        });
        if patterns.into_iter().any(|pattern| mentions_auth(pattern.to_token_stream())) {
            return Self::Argument;
        }
        match caller.and_then(|position| signature.inputs.get(position)) {
            Some(FnArg::Typed(argument)) => match &*argument.pat {
                // With a `#[cfg]`, the argument may not be there.
                _ if argument.attrs.iter().any(|it| has_name(it, "cfg")) => Self::Argument,
                Pat::Ident(name) => Self::SameAs(name.ident.clone()),
                _ => Self::OfGuard,
            },
            _ => Self::OfGuard,
        }
    }
}

fn mentions_auth(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => mentions_auth(group.stream()),
        TokenTree::Ident(ident) => ident == "auth",
        _ => false,
    })
}

/// Rejects the request if the expression is `false` or panics.
///
/// The expression is the condition of an `if`: the compiler reports another type than `bool` at the expression, its
/// temporaries end before the body, and `?` and `.await` mean what they mean in the body.
// Input:  auth.subject() == Some(&*owner)
// Output: let evaluation = Evaluation::new();
//         let outcome = evaluation.run_now(denial, async {
//             if auth.subject() == Some(&*owner) {
//                 evaluation.decide(true).await
//             } else {
//                 evaluation.decide(false).await
//             }
//         });
//         match outcome {
//             Outcome::Holds => {}
//             Outcome::Rejected(rejection) => return FromRejection::from_rejection(rejection),
//             Outcome::Returned(value) => return value,
//         }
pub(super) fn statement(
    expression: &TokenStream,
    auth: &Auth,
    returned: &Returned,
    policy: &Policy<'_>,
) -> TokenStream {
    let check = match Evaluation::of(expression, returned.asynchronously) {
        Evaluation::ByCompiler => unevaluated(expression, returned, policy),
        Evaluation::Now => evaluated(expression, false, returned, policy),
        Evaluation::Awaited => evaluated(expression, true, returned, policy),
    };
    let auth_name = Ident::new("auth", Span::call_site());
    let value = match auth {
        Auth::Argument => return quote!({ #check }),
        Auth::SameAs(name) => quote!(::core::clone::Clone::clone(&#name)),
        Auth::OfGuard => caller().into_token_stream(),
    };
    quote! {{
        #[allow(unused_variables)]
        let #auth_name = #value;
        #check
    }}
}

fn evaluated(
    expression: &TokenStream,
    is_awaited: bool,
    returned: &Returned,
    policy: &Policy<'_>,
) -> TokenStream {
    let private = policy.private(Span::call_site());
    let denial = denial();
    let [evaluation, rejection, value] =
        ["evaluation", "rejection", "value"].map(|name| Ident::new(name, Span::mixed_site()));
    let refuse = returned.rejection(&rejection.to_token_stream(), policy);
    let condition = parenthesized(expression);
    let (first, _) = first_and_last_span(expression);
    let value_of = quote_spanned!(first=> async {
        if #condition {
            #evaluation.decide(true).await
        } else {
            #evaluation.decide(false).await
        }
    });
    let (run, wait) = if is_awaited { ("run", quote!(.await)) } else { ("run_now", quote!()) };
    let run = Ident::new(run, Span::call_site());
    quote! {
        let #evaluation = #private::Evaluation::new();
        #[allow(
            // The output is what the function returns, which may be a future.
            clippy::async_yields_async,
            clippy::nonminimal_bool,
            clippy::overly_complex_bool_expr,
            unused_parens
        )]
        match #evaluation.#run(#denial, #value_of)#wait {
            #private::Outcome::Holds => {}
            #private::Outcome::Rejected(#rejection) => { #refuse }
            #private::Outcome::Returned(#value) => return #value,
        }
    }
}

// Output: if auth.subject() == Some(&*owner) {
//             drop(denial);
//         } else {
//             return FromRejection::from_rejection(denial.reject());
//         }
fn unevaluated(expression: &TokenStream, returned: &Returned, policy: &Policy<'_>) -> TokenStream {
    let denial = denial();
    let refuse = returned.rejection(&quote!(#denial.reject()), policy);
    let condition = parenthesized(expression);
    quote! {
        #[allow(unused_parens)]
        if #condition { ::core::mem::drop(#denial); } else { #refuse }
    }
}

/// Parentheses with the span of the whole attribute would be where the compiler shows another type than `bool`.
fn parenthesized(expression: &TokenStream) -> TokenStream {
    let (first, _) = first_and_last_span(expression);
    quote_spanned!(first=> (#expression))
}
