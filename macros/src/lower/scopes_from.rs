//! The scopes that depend on the arguments: a statement in front of the body, and for a tool or a prompt also a closure
//! by which the layer finds them out before it calls the function.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::PatType;

use super::policy_type::Policy;
use super::returned::Returned;
use super::span::first_and_last_span;
use super::when::{denial, drop_denial};
use crate::parse::arguments::ScopesFrom;
use crate::validate::ScopesFromPlan;

/// What is emitted for `scopes_from = …`.
pub(super) struct ArgumentScopes<'a> {
    pub(super) declared: &'a ScopesFrom,
    pub(super) plan: ScopesFromPlan,
}

impl ArgumentScopes<'_> {
    /// Rejects the request if the caller lacks the scopes. `is_last`: whether nothing else can reject it.
    // Input:  scopes_from = scopes_of
    // Output: if let Err(rejection) = denial.require(|| condition(scopes_of(&entry))) {
    //             return FromRejection::from_rejection(rejection);
    //         }
    //         drop(denial);
    pub(super) fn statement(
        &self,
        returned: &Returned,
        policy: &Policy<'_>,
        is_last: bool,
    ) -> TokenStream {
        let denial = denial();
        let rejection = Ident::new("rejection", Span::mixed_site());
        let refuse = returned.rejection(&rejection.to_token_stream(), policy);
        let (condition, allow) = (self.condition(policy), allow());
        let end = is_last.then(drop_denial);
        quote! {
            #allow
            if let ::core::result::Result::Err(#rejection) = #denial.require(|| #condition) { #refuse }
            #end
        }
    }

    /// Finds the scopes out from the parameters of a tool or a prompt.
    // Input:  scopes_from = scopes_of, Parameters(entry): Parameters<Entry>
    // Output: |arguments| {
    //             let Parameters(entry): Parameters<Entry> = parse_arguments(arguments)?;
    //             condition(scopes_of(&entry)).map_err(From::from)
    //         }
    pub(super) fn closure(&self, policy: &Policy<'_>) -> Option<TokenStream> {
        let PatType { pat, ty, .. } = self.plan.parameters.as_ref()?;
        let private = policy.private(Span::call_site());
        let arguments = Ident::new("arguments", Span::mixed_site());
        let (condition, allow) = (self.condition(policy), allow());
        Some(quote! {
            |#arguments| {
                #[allow(unused_variables, unused_mut)]
                let #pat: #ty = #private::parse_arguments(#arguments)?;
                #allow
                ::core::result::Result::map_err(#condition, ::core::convert::From::from)
            }
        })
    }

    /// Everything has the span of the path, so that the compiler shows an error about the types there. An argument
    /// that is named is shown where it is named.
    // Output: condition(scopes_of(&entry))
    fn condition(&self, policy: &Policy<'_>) -> TokenStream {
        let ScopesFrom { path, names, parentheses, .. } = self.declared;
        let (first, last) = first_and_last_span(path);
        let references = self.plan.variables.iter().map(|variable| {
            let mut variable = variable.clone();
            if names.is_none() {
                variable.set_span(variable.span().located_at(last));
            }
            let span = variable.span();
            quote_spanned!(span=> &#variable)
        });
        let private = policy.private(first);
        let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#(#references),*));
        arguments.set_span(parentheses.map_or(last, |place| last.located_at(place)));
        let call = quote!(#path #arguments);
        let function = Ident::new("condition", last);
        quote_spanned!(first=> #private::#function(#call))
    }
}

/// What clippy could report about the references to the variables of the user.
fn allow() -> TokenStream {
    quote! {
        #[allow(
            clippy::needless_borrow,
            clippy::needless_borrows_for_generic_args,
            clippy::used_underscore_binding
        )]
    }
}
