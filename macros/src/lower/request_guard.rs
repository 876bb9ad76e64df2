//! The guard of a function whose attribute names the request: a statement in front of the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, PatType, Type};

use super::policy_type::Policy;
use super::returned::Returned;
use super::span::first_and_last_span;
use crate::validate::RequestSource;

/// Authorizes the request, and returns from the function if it is rejected. `guard` is the argument that would guard a
/// function with extractors.
///
/// The expressions are in the call, so that what they borrow lives until the request is authorized.
// Input:  Authorized { caller: auth, .. }: Authorized<Policy, AuthInfo>
// Output: let Authorized { caller: auth, .. } =
//             match authorize::<Authorized<Policy, AuthInfo>, _>(resource_server(&(server)), from).await {
//                 Ok(guard) => guard,
//                 Err(rejection) => return FromRejection::from_rejection(rejection),
//             };
pub(super) fn statement(
    guard: FnArg,
    source: &RequestSource,
    returned: &Returned,
    policy: &Policy<'_>,
) -> TokenStream {
    let FnArg::Typed(PatType { attrs, pat, ty, .. }) = guard else { return TokenStream::new() };
    let RequestSource { from, server } = source;
    let [guard, rejection] =
        ["guard", "rejection"].map(|name| Ident::new(name, Span::mixed_site()));
    let refuse = returned.rejection(&rejection.to_token_stream(), policy);
    let (first, _) = first_and_last_span(server);
    let at_server = policy.private(first);
    let server = quote_spanned!(first=> #at_server::resource_server(&(#server)));
    let call = call(&ty, &server, from, policy);
    quote! {
        #(#attrs)*
        let #pat = match #call {
            ::core::result::Result::Ok(#guard) => #guard,
            ::core::result::Result::Err(#rejection) => { #refuse }
        };
    }
}

/// The compiler reports an expression that gives no request at the call, so the call has the place of the expression.
fn call(
    guard: &Type,
    server: &TokenStream,
    from: &TokenStream,
    policy: &Policy<'_>,
) -> TokenStream {
    let (first, _) = first_and_last_span(from);
    let private = policy.private(first);
    quote_spanned!(first=> #private::authorize::<#guard, _>(#server, #from).await)
}
