//! Statements in front of the body with which the compiler checks something. At run time they do
//! nothing.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{LitStr, PatType, ReceiverKind, Type};

use super::policy_type::Policy;
use super::span::{first_and_last_span, type_path};
use crate::features::Features;
use crate::parse::attribute::{has_name, is_tool_or_prompt};
use crate::parse::condition::scope::Scope;
use crate::parse::function::Function;

/// A check of the type of the argument that receives the caller. A bound in the signature would be
/// reported again wherever the function is routed, registered or called.
///
/// It is a statement: an item has a scope of its own, in which the compiler reports a type that is
/// not imported a second time. In front of items of the body, it is an item, because clippy reports
/// items after a statement, unless the type names `Self`, which an item cannot name.
// Input:  auth: AuthInfo
// Output: receives_the_caller::<AuthInfo>();
pub(super) fn caller_type_check(
    argument: &PatType,
    policy: &Policy<'_>,
    body: &TokenStream,
) -> TokenStream {
    let PatType { attrs, ty, .. } = argument;
    let (first, last) = first_and_last_span(ty);
    let private = policy.private(first);
    let check = if policy.optional { "receives_an_optional_caller" } else { "receives_the_caller" };
    let check = Ident::new(check, last);
    let call = quote_spanned!(first=> #private::#check::<#ty>());
    let cfgs = attrs.iter().filter(|attribute| has_name(attribute, "cfg"));
    if may_contain_items(body) && !mentions_self(ty.to_token_stream()) {
        quote!(#(#cfgs)* const _: () = #call;)
    } else {
        quote!(#(#cfgs)* #call;)
    }
}

/// A check that the vocabulary is one, and defines the string literals. The compiler evaluates the length of an array
/// also where it emits no code.
///
/// It is a statement: in an item, the compiler reports a vocabulary that does not exist a second time.
// Input:  #[requires_auth(scopes = "entries:read", vocabulary = JournalScope)]
// Output: let _: [(); literal_of::<JournalScope>("entries:read").check()] = [];
//         Without literals: let _ = literal_of::<JournalScope>("");
pub(super) fn vocabulary_check(policy: &Policy<'_>) -> Option<TokenStream> {
    let (vocabulary, scopes) = policy.literals_of_vocabulary()?;
    let vocabulary = type_path(vocabulary);
    if scopes.is_empty() {
        let private = policy.private(Span::call_site());
        return Some(quote!(let _ = #private::literal_of::<#vocabulary>("");));
    }
    let checks = scopes.into_iter().map(|Scope { text, literal }| {
        // The compiler reports a failure at the span of the call.
        let span = literal.span();
        let private = policy.private(span);
        let text = LitStr::new(text, span);
        let check = quote_spanned!(span=> #private::literal_of::<#vocabulary>(#text).check());
        quote!(let _: [(); #check] = [];)
    });
    Some(checks.collect())
}

/// Whether a keyword of an item is in the body, outside all braces in it.
pub(super) fn may_contain_items(body: &TokenStream) -> bool {
    const KEYWORDS: [&str; 12] = [
        "const", "enum", "extern", "fn", "impl", "mod", "static", "struct", "trait", "type",
        "union", "use",
    ];
    body.clone().into_iter().any(|block| match block {
        TokenTree::Group(block) => block.stream().into_iter().any(|tree| match tree {
            TokenTree::Ident(word) => KEYWORDS.iter().any(|keyword| word == keyword),
            _ => false,
        }),
        _ => false,
    })
}

fn mentions_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => mentions_self(group.stream()),
        TokenTree::Ident(ident) => ident == "Self",
        _ => false,
    })
}

/// A check that `#[tool]` or `#[prompt]` has not expanded before the guard. If it has, rmcp has
/// emitted an associated function `list_tool_attr` beside the method. That function takes
/// precedence over the one of the trait `Fallback`, and `assert_above_tool` does not accept its return
/// type.
///
/// Only a synchronous method on `&self` gets the check, because no other framework calls one. An
/// `async` method that rmcp has expanded is recognised by its signature when the function is
/// validated.
// Input:  fn list(&self, auth: AuthInfo) -> R { … }
// Output: { trait Fallback { fn list_tool_attr() -> NoToolAttribute { NoToolAttribute } … }
//           impl<T: ?Sized> Fallback for T {}
//           assert_above_tool(Self::list_tool_attr); … }
pub(super) fn attribute_order_check(
    function: &Function,
    policy: &Policy<'_>,
    features: Features,
) -> Option<TokenStream> {
    let signature = &function.signature;
    let takes_self_by_reference = signature.receiver().is_some_and(|it| match &it.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
        ReceiverKind::Typed(_, ty) => matches!(&**ty, Type::Reference(_)),
        _ => false,
    });
    let is_visible = function.attributes.iter().any(is_tool_or_prompt);
    if !features.rmcp || is_visible || signature.asyncness.is_some() || !takes_self_by_reference {
        return None;
    }
    let private = policy.private(Span::call_site());
    let tool_attributes =
        ["tool", "prompt"].map(|kind| format_ident!("{}_{kind}_attr", signature.ident));
    Some(quote! {{
        trait Fallback {
            #(fn #tool_attributes() -> #private::NoToolAttribute { #private::NoToolAttribute })*
        }
        impl<T: ?::core::marker::Sized> Fallback for T {}
        #(#private::assert_above_tool(Self::#tool_attributes);)*
    }})
}
