//! The `extensions(…)` of utoipa's `#[utoipa::path]`, where an operation takes the policy of its function from.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Meta};

use super::policy_type::Policy;
use crate::features::Features;
use crate::parse::attribute::is_openapi_operation;

/// Hands over the policy of a function that is an operation of an OpenAPI document.
// Input:  #[utoipa::path(get, path = "/entries")]
// Output: #[utoipa::path(get, path = "/entries",
//             extensions(("x-requires-auth" = json!(openapi_extension::<Policy>()))))]
pub(super) fn append_policy(attributes: &mut [Attribute], policy: &Policy<'_>, features: Features) {
    let span = Span::call_site();
    for attribute in attributes.iter_mut().filter(|it| features.utoipa && is_openapi_operation(it))
    {
        if let Meta::List(list) = &mut attribute.meta {
            let (private, policy) = (policy.private(span), policy.to_type(span));
            let extension =
                quote!(("x-requires-auth" = json!(#private::openapi_extension::<#policy>())));
            list.tokens = with_extension(&list.tokens, &extension);
        }
    }
}

// Input:  get, extensions(("x-own" = json!(1)))
// Output: get, extensions(("x-own" = json!(1)), ("x-requires-auth" = …))
fn with_extension(arguments: &TokenStream, extension: &TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = arguments.clone().into_iter().collect();
    let own =
        trees.iter().position(|tree| matches!(tree, TokenTree::Ident(it) if it == "extensions"));
    if let Some(TokenTree::Group(group)) = own.and_then(|own| trees.get_mut(own + 1))
        && group.delimiter() == Delimiter::Parenthesis
    {
        let mut extended =
            Group::new(Delimiter::Parenthesis, with_element(&group.stream(), extension));
        extended.set_span(group.span());
        *group = extended;
        return trees.into_iter().collect();
    }
    with_element(arguments, &quote!(extensions(#extension)))
}

/// Appends to a list that is separated by commas.
pub(super) fn with_element(arguments: &TokenStream, further: &TokenStream) -> TokenStream {
    let ends_in_comma = matches!(arguments.clone().into_iter().last(),
        Some(TokenTree::Punct(last)) if last.as_char() == ',');
    let comma = (!arguments.is_empty() && !ends_in_comma).then(<syn::Token![,]>::default);
    quote!(#arguments #comma #further)
}
