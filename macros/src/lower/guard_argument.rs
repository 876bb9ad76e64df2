//! The argument that guards a function: an extractor of the runtime.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, FnArg, Meta, Pat, PatType, Token, Type};

use super::policy_type::Policy;
use super::span::first_and_last_span;
use super::when;
use crate::parse::attribute::{has_name, is_auth_marker};

/// What the guard of a function is made from.
pub(super) struct GuardArgument<'a> {
    pub(super) policy: &'a Policy<'a>,
    /// Whether another argument may extract the caller again, so that the guard stores it in the
    /// request.
    pub(super) shared: bool,
    /// Whether the function rejects requests by a condition on its arguments.
    pub(super) conditional: bool,
    /// Whether the condition takes the caller from the guard.
    pub(super) binds_caller: bool,
    /// The variable that receives the evidence for permits, if the function has any.
    pub(super) evidence: Option<Ident>,
}

impl GuardArgument<'_> {
    /// Receives the caller. With a `#[cfg]` on the argument, there is a second guard without a
    /// caller for the case that it is false, so that a `#[cfg]` never removes the guard.
    // Input:  #[auth] #[cfg(unix)] auth: AuthInfo
    // Output: #[cfg(unix)] Authorized { caller: auth, .. }: Authorized<Policy, AuthInfo>,
    //         #[cfg(not(all(unix)))] _: Authorized<Policy>
    pub(super) fn with_caller(&self, argument: PatType) -> Vec<FnArg> {
        let PatType { attrs, pat, ty, .. } = argument;
        let attributes: Vec<Attribute> =
            attrs.into_iter().filter(|attribute| !is_auth_marker(attribute)).collect();
        let predicates: Vec<TokenStream> = attributes.iter().filter_map(cfg_predicate).collect();
        // The pattern and the type both get the spans of the type as written, from its first token
        // to its last: the compiler shows an error about them there, and once.
        let (first, last) = first_and_last_span(&ty);
        let guard = self.extractor(first, last);
        let policy = self.policy_type(first);
        let denial = self.conditional.then(|| {
            let denial = when::denial();
            quote_spanned!(last=> denial: #denial,)
        });
        let pat = if self.binds_caller { when::caller().into_token_stream() } else { quote!(#pat) };
        let evidence = self.evidence(last);
        let fields = quote_spanned!(last=> { caller: #pat, #denial #evidence .. });
        let close = quote_spanned!(last=> >);
        let argument = verbatim_argument(
            attributes,
            quote_spanned!(first=> #guard #fields),
            quote_spanned!(first=> #guard<#policy, #ty #close),
        );
        if predicates.is_empty() {
            return vec![argument];
        }
        let otherwise = syn::parse_quote!(#[cfg(not(all(#(#predicates),*)))]);
        vec![argument, self.without_caller(vec![otherwise])]
    }

    /// Receives nothing. With `optional`, it receives an `Option<AuthInfo>` and drops it.
    // Input:  optional
    // Output: _: Authorized<Policy, Option<AuthInfo>>
    pub(super) fn without_caller(&self, attributes: Vec<Attribute>) -> FnArg {
        let span = Span::call_site();
        let guard = self.extractor(span, span);
        let policy = self.policy_type(span);
        let private = self.policy.private(span);
        let caller =
            self.policy.optional.then(|| quote!(, ::core::option::Option<#private::AuthInfo>));
        let binding = self.binds_caller.then(|| {
            let caller = when::caller();
            quote!(caller: #caller,)
        });
        let evidence = self.evidence(span);
        let pattern = if self.conditional {
            let denial = when::denial();
            quote!(#guard { #binding denial: #denial, #evidence .. })
        } else if evidence.is_some() {
            quote!(#guard { #evidence .. })
        } else {
            quote!(_)
        };
        verbatim_argument(attributes, pattern, quote!(#guard<#policy #caller>))
    }

    // Output: evidence: evidence,
    fn evidence(&self, span: Span) -> Option<TokenStream> {
        self.evidence.as_ref().map(|evidence| quote_spanned!(span=> evidence: #evidence,))
    }

    fn extractor(&self, first: Span, last: Span) -> TokenStream {
        let private = self.policy.private(first);
        let name = if self.conditional { "Conditional" } else { "Authorized" };
        let name = Ident::new(name, last);
        quote_spanned!(first=> #private::#name)
    }

    // Output: Shared<Policy>
    pub(super) fn policy_type(&self, span: Span) -> TokenStream {
        let policy = self.policy.to_type(span);
        if self.shared {
            let private = self.policy.private(span);
            quote!(#private::Shared<#policy>)
        } else {
            policy
        }
    }
}

fn verbatim_argument(attrs: Vec<Attribute>, pattern: TokenStream, ty: TokenStream) -> FnArg {
    FnArg::Typed(PatType {
        attrs,
        pat: Box::new(Pat::Verbatim(pattern)),
        colon_token: <Token![:]>::default(),
        ty: Box::new(Type::Verbatim(ty)),
    })
}

/// The predicate in the parentheses of a `#[cfg(…)]`.
fn cfg_predicate(attribute: &Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::List(list) if has_name(attribute, "cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}
