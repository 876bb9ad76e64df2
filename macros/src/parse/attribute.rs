//! Which attribute an attribute is.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Attribute, Ident, Meta};

/// `#[auth]`, which marks the argument that receives the caller.
pub(crate) fn is_auth_marker(attribute: &Attribute) -> bool {
    has_name(attribute, "auth")
}

/// Whether the attribute has this name: to the compiler `#[r#cfg(…)]` is a `#[cfg(…)]` too.
pub(crate) fn has_name(attribute: &Attribute, name: &str) -> bool {
    attribute.path().get_ident().is_some_and(|ident| ident.unraw() == name)
}

/// Whether a `#[cfg_attr(…)]` may put an attribute of this name there.
pub(crate) fn cfg_attr_may_add(attribute: &Attribute, name: &str) -> bool {
    match &attribute.meta {
        Meta::List(list) if has_name(attribute, "cfg_attr") => mentions(list.tokens.clone(), name),
        _ => false,
    }
}

fn mentions(arguments: TokenStream, name: &str) -> bool {
    let mut nested = false;
    arguments.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => nested && mentions(group.stream(), name),
        TokenTree::Ident(ident) => {
            nested = ident == "cfg_attr";
            ident.unraw() == name
        }
        _ => false,
    })
}

/// `#[tool]` and `#[prompt]`, under any path, as the macros of rmcp recognise each other.
pub(crate) fn is_tool_or_prompt(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| is_tool(&last.ident))
}

fn is_tool(name: &Ident) -> bool {
    let name = name.unraw();
    name == "tool" || name == "prompt"
}
