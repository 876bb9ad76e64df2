//! The `meta = …` of rmcp's `#[tool]` and `#[prompt]`, where a route publishes its policy.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, MacroDelimiter, Meta, MetaList, Token, token};

use super::openapi::with_element;
use super::policy_type::Policy;
use super::span::type_path;
use crate::features::Features;
use crate::parse::attribute::is_tool_or_prompt;
use crate::validate::DeclaredKinds;

/// Publishes the policy of a function that is a tool or a prompt. `scopes`: finds out the scopes that depend on the
/// arguments.
// Input:  #[tool]
// Output: #[tool(meta = meta::<Policy>(None))]
pub(super) fn append_policy(
    attributes: &mut [Attribute],
    policy: &Policy<'_>,
    scopes: Option<&TokenStream>,
    features: Features,
) {
    if !features.rmcp || !attributes.iter().any(is_tool_or_prompt) {
        return;
    }
    let span = Span::call_site();
    let private = policy.private(span);
    let vocabulary = policy.vocabulary().map(|vocabulary| {
        let vocabulary = type_path(vocabulary);
        quote!(.of_vocabulary(#private::literal_of::<#vocabulary>("").definitions()))
    });
    let policy = policy.to_type(span);
    let function = match scopes {
        None => quote!(#private::meta::<#policy>),
        Some(scopes) => quote!(#private::ScopesFrom::new(#scopes)#vocabulary.meta::<#policy>),
    };
    append_meta(attributes, &function, features);
}

/// Publishes that a tool or a prompt is in a guarded `impl` block, so that a router rejects a route
/// without a policy.
// Input:  #[tool]
// Output: #[tool(meta = declared(None))]
pub(super) fn append_declaration(
    attributes: &mut [Attribute],
    kinds: DeclaredKinds,
    private: &TokenStream,
    features: Features,
) {
    let declared = match kinds {
        DeclaredKinds::Own => quote!(#private::declared),
        DeclaredKinds::Both => quote!(#private::declared_both),
    };
    append_meta(attributes, &declared, features);
}

fn append_meta(attributes: &mut [Attribute], function: &TokenStream, features: Features) {
    let routes = attributes.iter_mut().filter(|it| features.rmcp && is_tool_or_prompt(it));
    for attribute in routes {
        match &mut attribute.meta {
            Meta::Path(path) => {
                let path = path.clone();
                let delimiter = MacroDelimiter::Paren(token::Paren::default());
                let tokens = with_meta(&TokenStream::new(), function);
                attribute.meta = MetaList { path, delimiter, tokens }.into();
            }
            Meta::List(list) => list.tokens = with_meta(&list.tokens, function),
            // `#[tool = …]`, which rmcp rejects.
            Meta::NameValue(_) => {}
        }
    }
}

// Input:  title = "List", meta = own()
// Output: title = "List", meta = meta::<Policy>(Some(own()))
fn with_meta(arguments: &TokenStream, function: &TokenStream) -> TokenStream {
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    if let Ok(mut parsed) = parser.parse2(arguments.clone()) {
        let own = parsed.iter_mut().find_map(|argument| match argument {
            Meta::NameValue(pair) if pair.path.is_ident("meta") => Some(&mut pair.value),
            _ => None,
        });
        if let Some(value) = own {
            let own = expression(value);
            *value = Expr::Verbatim(quote!(#function(::core::option::Option::Some(#own))));
            return parsed.into_token_stream();
        }
    }
    with_element(arguments, &quote!(meta = #function(::core::option::Option::None)))
}

/// To rmcp, a string is the source text of an expression.
// Input:  "own()"
// Output: own()
fn expression(value: &Expr) -> TokenStream {
    match value {
        Expr::Group(group) => expression(&group.expr),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            text.parse().unwrap_or_else(|_| value.to_token_stream())
        }
        _ => value.to_token_stream(),
    }
}
