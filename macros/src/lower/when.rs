//! The condition on the arguments: a statement in front of the body, which is left as it is.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Pat, ReturnType, Signature};

use super::policy_type::Policy;
use super::span::first_and_last_span;
use crate::parse::attribute::has_name;

/// The name of the variable that holds the [`Denial`] of the guard. Only what this crate emits sees it.
pub(super) fn denial() -> Ident {
    Ident::new("denial", Span::mixed_site())
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

/// Rejects the request if the expression is `false`.
///
/// The expression is the condition of an `if`: the compiler reports another type than `bool` at the expression, its
/// temporaries end before the body, and `?` and `.await` mean what they mean in the body.
// Input:  auth.subject() == Some(&*owner)
// Output: if auth.subject() == Some(&*owner) {
//             drop(denial);
//         } else {
//             return FromRejection::from_rejection(denial.reject());
//         }
pub(super) fn statement(
    expression: &TokenStream,
    auth: &Auth,
    signature: &Signature,
    policy: &Policy<'_>,
) -> TokenStream {
    let denial = denial();
    let refuse = return_rejection(&quote!(#denial.reject()), signature, policy);
    // Parentheses with the span of the whole attribute would be where the compiler shows another type.
    let (first, _) = first_and_last_span(expression);
    let condition = quote_spanned!(first=> (#expression));
    let check = quote! {
        #[allow(clippy::nonminimal_bool, clippy::overly_complex_bool_expr, unused_parens)]
        if #condition { ::core::mem::drop(#denial); } else { #refuse }
    };
    let auth_name = Ident::new("auth", Span::call_site());
    let value = match auth {
        Auth::Argument => return check,
        Auth::SameAs(name) => quote!(::core::clone::Clone::clone(&#name)),
        Auth::OfGuard => caller().into_token_stream(),
    };
    quote! {{
        #[allow(unused_variables)]
        let #auth_name = #value;
        #check
    }}
}

/// The compiler reports a return type that cannot carry a rejection where it is written.
// Output: return FromRejection::from_rejection(rejection);
pub(super) fn return_rejection(
    rejection: &TokenStream,
    signature: &Signature,
    policy: &Policy<'_>,
) -> TokenStream {
    let (first, last) = match &signature.output {
        ReturnType::Default => first_and_last_span(&signature.ident),
        ReturnType::Type(_, output) => first_and_last_span(output),
    };
    let private = policy.private(first);
    let function = Ident::new("from_rejection", last);
    let path = quote_spanned!(first=> #private::FromRejection::#function);
    let call = quote_spanned!(last=> #path(#rejection));
    quote!(return #call;)
}
